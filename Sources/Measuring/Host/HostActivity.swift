import Foundation
import Results

/// Time of all CPUs since boot, in ticks of the kernel.
struct ProcessorTicks: Hashable {
  /// Used by this machine.
  var busy: Int
  /// Taken by the hypervisor while this machine wanted it.
  var stolen: Int
  /// Neither.
  var idle: Int
  /// CPUs that the sums are over.
  var cpuCount: Int

  /// Of less time no share is told: a tick would be more than a percent.
  private static let leastTicks = 100

  /// Of `/proc/stat`; nil where it is not there or is none.
  init?(_ files: SystemFiles) {
    let lines = (files.text("/proc/stat") ?? "").split(separator: "\n")
    guard let sum = lines.first(where: { $0.hasPrefix("cpu ") }) else { return nil }
    // user nice system idle iowait irq softirq steal; guest time is part of user time.
    let ticks = sum.split(separator: " ").dropFirst().compactMap { Int($0) }
    guard ticks.count >= 8 else { return nil }
    busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]
    idle = ticks[3] + ticks[4]
    stolen = ticks[7]
    cpuCount = lines.count { $0.hasPrefix("cpu") } - 1
    guard cpuCount > 0 else { return nil }
  }

  /// Stolen time in percent of the time that was wanted; nil when that was too little.
  var stealPercent: Double? {
    let wanted = busy + stolen
    return wanted < Self.leastTicks
      ? nil : rounded(100 * Double(stolen) / Double(wanted))
  }

  static func - (a: ProcessorTicks, b: ProcessorTicks) -> ProcessorTicks {
    var difference = a
    difference.busy -= b.busy
    difference.stolen -= b.stolen
    difference.idle -= b.idle
    return difference
  }
}

/// What all processes have used of the CPUs up to a moment.
package struct HostSnapshot {
  private let ticks: ProcessorTicks?
  /// By process: its name and its ticks.
  private let processes: [Int: (name: String, ticks: Int)]

  package init(_ files: SystemFiles = SystemFiles()) {
    ticks = ProcessorTicks(files)
    var processes: [Int: (name: String, ticks: Int)] = [:]
    for id in files.names(in: "/proc").compactMap({ Int($0) }) {
      // A process may end while the list is gone through.
      if let line = files.text("/proc/\(id)/stat"), let usage = parseProcessUsage(line) {
        processes[id] = usage
      }
    }
    self.processes = processes
  }

  /// What went on from an earlier moment to this one; nil where the system does not tell.
  /// - Parameter own: a process that does not count.
  package func since(_ earlier: HostSnapshot, except own: Int? = nil) -> HostInterval? {
    guard let ticks, let before = earlier.ticks else { return nil }
    let spent = ticks - before
    // All CPUs count on all the time, so that their ticks are a clock.
    let length = Double(spent.busy + spent.stolen + spent.idle) / Double(ticks.cpuCount)
    guard length > 0 else { return nil }
    func used(_ id: Int) -> Int {
      (processes[id]?.ticks ?? 0) - (earlier.processes[id]?.ticks ?? 0)
    }
    let busiest = processes.compactMap { id, now -> BusyProcess? in
      guard id != own else { return nil }
      let cpus = rounded(Double(used(id)) / length)
      return cpus < 0.05 ? nil : BusyProcess(id: id, name: now.name, usedCPUs: cpus)
    }
    .sorted { ($1.usedCPUs, $0.id) < ($0.usedCPUs, $1.id) }
    return HostInterval(
      seconds: rounded(length / Double(Self.ticksPerSecond)), stealPercent: spent.stealPercent,
      usedCPUs: rounded(Double(max(spent.busy - (own.map(used) ?? 0), 0)) / length),
      busiest: Array(busiest.prefix(5)))
  }

  /// The unit of `/proc` on every processor that this runs on.
  private static let ticksPerSecond = 100
}

extension HostInterval {
  /// Looks on for a while, without using a CPU itself.
  package static func observe(seconds: Double = 1) -> HostInterval? {
    let before = HostSnapshot()
    Thread.sleep(forTimeInterval: seconds)
    return HostSnapshot().since(before, except: Int(getpid()))
  }
}

/// Name and processor time, in ticks, of a line of `/proc/PID/stat`.
package func parseProcessUsage(_ line: String) -> (name: String, ticks: Int)? {
  // The name, in parentheses, may hold anything, parentheses too.
  guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"), open < close
  else { return nil }
  let fields = line[line.index(after: close)...].split(separator: " ")
  // utime and stime are the 14th and 15th of all fields.
  guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
    return nil
  }
  return (String(line[line.index(after: open)..<close]), user + system)
}

/// To hundredths: what is measured here has no more.
private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
