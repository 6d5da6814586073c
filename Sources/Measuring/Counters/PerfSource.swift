#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Events of `perf_event_open`, on every thread that the process has.
///
/// Attached thread by thread: the workers of a library exist from its loading on, and events that
/// threads inherit would miss them. As many events as the processor counts at once make a group,
/// which has calls of its own.
package final class PerfSource: CounterSource {
  package enum Kind: Sendable { case hardware, software }

  package let name: String
  package let summary: String
  package let defaultEvents: [String]
  package let knownEvents: [String]?
  private let events: [PerfEvent]
  private let system: PerfSystem
  /// Whether events are counted without the kernel's part, where that was found out.
  private var probes: [PerfEvent: Probe] = [:]

  private enum Probe {
    case ready(excludesKernel: Bool)
    case refused(String)
  }

  package init(_ kind: Kind, system: PerfSystem = .current) {
    self.system = system
    switch kind {
    case .hardware:
      name = "perf-hardware"
      summary = "the processor's counters through the kernel; rHEX names a raw event"
      events = PerfEvent.hardware
      // Raw events have numbers.
      knownEvents = nil
      defaultEvents = [
        "cycles", "instructions", "cache-references", "cache-misses",
        "branch-misses", "L1-dcache-load-misses", "LLC-load-misses",
      ]
    case .software:
      name = "perf-software"
      summary = "what the kernel counts itself: time on a processor, faults, switches"
      events = PerfEvent.software
      knownEvents = events.map(\.name)
      defaultEvents = ["task-clock", "page-faults", "context-switches", "cpu-migrations"]
    }
  }

  package func unavailability(of event: String) -> String? {
    guard let event = PerfEvent.named(event, in: events) else {
      return "no such event; there is \(events.map(\.name).joined(separator: ", "))"
    }
    if case .refused(let reason) = probe(event) { return reason }
    return nil
  }

  private func probe(_ event: PerfEvent) -> Probe {
    if let known = probes[event] { return known }
    let thread = system.threads().first ?? 0
    var result = Probe.ready(excludesKernel: false)
    let code = system.open(event, thread, -1, false)
    if code >= 0 {
      system.close(code)
    } else if code != -EACCES, code != -EPERM {
      result = .refused(system.host.reason(errno: -code))
    } else {
      let second = system.open(event, thread, -1, true)
      if second >= 0 { system.close(second) }
      if second < 0 {
        result = .refused(system.host.reason(errno: -second))
      } else {
        // Without the kernel's part these would be 0, silently.
        result =
          event.isOfKernel
          ? .refused("it happens in the kernel, and " + system.host.notPermitted)
          : .ready(excludesKernel: true)
      }
    }
    probes[event] = result
    return result
  }

  package func count(
    _ names: [String], calls: Int, allowsMultiplexing: Bool, _ body: () -> Void
  ) -> [CounterReading] {
    var readings: [String: CounterReading] = [:]
    var pending: [(event: PerfEvent, excludesKernel: Bool)] = []
    for name in names {
      if let reason = unavailability(of: name) {
        readings[name] = .unavailable(self.name, name, reason)
      } else if let event = PerfEvent.named(name, in: events),
        case .ready(let excludesKernel) = probe(event)
      {
        pending.append((event, excludesKernel))
      }
    }
    while !pending.isEmpty {
      let threads = system.threads()
      var group: [(event: PerfEvent, excludesKernel: Bool)] = []
      var rest: [(event: PerfEvent, excludesKernel: Bool)] = []
      var lanes: [Lane] = []
      if let own = threads.first {
        var lane = Lane()
        for item in pending {
          let code = system.open(item.event, own, lane.leader, item.excludesKernel)
          if code >= 0 {
            lane.descriptors.append(code)
            group.append(item)
          } else if group.isEmpty {
            // It could be opened alone before.
            readings[item.event.name] = .unavailable(
              name, item.event.name, system.host.reason(errno: -code))
          } else {
            rest.append(item)
          }
        }
        lanes.append(lane)
      }
      guard !group.isEmpty else { break }
      for thread in threads.dropFirst() {
        var lane = Lane()
        for item in group {
          let code = system.open(item.event, thread, lane.leader, item.excludesKernel)
          if code < 0 { break }
          lane.descriptors.append(code)
        }
        if lane.descriptors.count == group.count { lanes.append(lane) } else { close(lane) }
      }
      // The calling thread's last, so that it counts least of the starting itself.
      for lane in lanes.reversed() { system.start(lane.leader) }
      for _ in 0..<calls { body() }
      for lane in lanes { system.stop(lane.leader) }
      let values = lanes.compactMap { system.read($0.leader, group.count) }
      for lane in lanes { close(lane) }
      let seen = Set(threads).union(system.threads()).count
      for (index, item) in group.enumerated() {
        readings[item.event.name] = reading(
          item, index: index, values, calls: calls, seen: seen,
          allowsMultiplexing: allowsMultiplexing)
      }
      pending = rest
    }
    return names.map { readings[$0] ?? .unavailable(name, $0, "the calling thread is not known") }
  }

  /// The group of one thread.
  private struct Lane {
    var descriptors: [Int32] = []
    var leader: Int32 { descriptors.first ?? -1 }
  }

  private func close(_ lane: Lane) {
    for descriptor in lane.descriptors { system.close(descriptor) }
  }

  private func reading(
    _ item: (event: PerfEvent, excludesKernel: Bool), index: Int, _ values: [PerfSystem.Values],
    calls: Int, seen: Int, allowsMultiplexing: Bool
  ) -> CounterReading {
    var reading = CounterReading(
      source: name, event: item.event.name, status: .ok, callCount: calls,
      scope: item.excludesKernel ? .user : .userAndKernel, threadsCounted: values.count,
      threadsSeen: seen,
      enabledNanoseconds: values.reduce(0) { $0 + $1.enabledNanoseconds },
      runningNanoseconds: values.reduce(0) { $0 + $1.runningNanoseconds })
    guard values.count == seen else {
      reading.status = .withheld
      reading.reason = "\(values.count) of \(seen) threads could be counted"
      return reading
    }
    let shared = values.filter { $0.runningNanoseconds < $0.enabledNanoseconds }
    if shared.isEmpty {
      reading.value = values.reduce(0) { $0 + $1.values[index] }
    } else if !allowsMultiplexing || shared.contains(where: { $0.runningNanoseconds <= 0 }) {
      reading.status = .withheld
      reading.reason =
        "it was counted part of the time only, since others use the counters too; "
        + "--allow-multiplexing extrapolates"
    } else {
      reading.status = .scaled
      reading.reason = "counted part of the time and extrapolated"
      reading.value = values.reduce(0) { sum, value in
        guard value.runningNanoseconds > 0 else { return sum }
        let factor = Double(value.enabledNanoseconds) / Double(value.runningNanoseconds)
        return sum + Int((Double(value.values[index]) * factor).rounded())
      }
    }
    return reading
  }
}
