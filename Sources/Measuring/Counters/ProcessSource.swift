import CSupport

/// What the system keeps account of for every process: `getrusage` and `/proc`.
package final class ProcessSource: CounterSource {
  package let name = "rusage"
  package let summary = "the system's account of the process: time, faults, switches, waiting"
  package let defaultEvents = ProcessSource.events.map { $0.name }
  package var knownEvents: [String]? { defaultEvents }

  private static let events: [(name: String, value: @Sendable (Snapshot) -> Int?)] = [
    ("wall-time", { Int($0.wallNanoseconds) }),
    ("user-time", { Int($0.usage.user_ns) }),
    ("system-time", { Int($0.usage.system_ns) }),
    ("minor-faults", { Int($0.usage.minor_faults) }),
    ("major-faults", { Int($0.usage.major_faults) }),
    ("voluntary-switches", { Int($0.usage.voluntary_switches) }),
    ("involuntary-switches", { Int($0.usage.involuntary_switches) }),
    ("run-queue-wait", { $0.waitNanoseconds }),
  ]

  /// Everything at one instant.
  private struct Snapshot {
    var wallNanoseconds: Int64 = 0
    var usage = alex_usage()
    /// Time that threads were ready but had no processor; nil where the kernel does not tell.
    var waitNanoseconds: Int?
    var threadCount = 0

    init() {
      let threads = ProcessThreads.all()
      threadCount = threads.count
      // Time on a processor, time waiting for one, number of slices.
      waitNanoseconds = threads.reduce(into: Int?(0)) { sum, thread in
        let fields =
          ProcessThreads.text("/proc/self/task/\(thread)/schedstat")?.split(separator: " ") ?? []
        sum = sum.flatMap { sum in fields.count > 1 ? Int(fields[1]).map { sum + $0 } : nil }
      }
      alex_process_usage(&usage)
      wallNanoseconds = alex_monotonic_ns()
    }
  }

  package init() {}

  package func unavailability(of event: String) -> String? {
    guard let known = Self.events.first(where: { $0.name == event }) else {
      return "no such event; there is \(defaultEvents.joined(separator: ", "))"
    }
    return known.value(Snapshot()) == nil ? Self.noAccount : nil
  }

  private static let noAccount =
    "this kernel keeps no account of it: /proc/self/task/*/schedstat is missing"

  package func count(
    _ names: [String], calls: Int, allowsMultiplexing: Bool, _ body: () -> Void
  ) -> [CounterReading] {
    let before = Snapshot()
    for _ in 0..<calls { body() }
    // Before anything else runs.
    let end = alex_monotonic_ns()
    var usage = alex_usage()
    alex_process_usage(&usage)
    var after = Snapshot()
    after.usage = usage
    after.wallNanoseconds = end
    return names.map { name in
      guard let event = Self.events.first(where: { $0.name == name }) else {
        return .unavailable(self.name, name, unavailability(of: name) ?? "no such event")
      }
      guard let start = event.value(before), let end = event.value(after) else {
        return .unavailable(self.name, name, Self.noAccount)
      }
      return CounterReading(
        source: self.name, event: name, status: .ok, value: end - start, callCount: calls,
        scope: .process, threadsCounted: after.threadCount, threadsSeen: after.threadCount)
    }
  }
}
