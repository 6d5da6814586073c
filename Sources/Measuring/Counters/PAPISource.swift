import CSupport

/// Presets and native events of PAPI, on every thread that the process has.
package final class PAPISource: CounterSource {
  package let name = "papi"
  package let summary = "PAPI's presets by name, and native events such as perf::L1-DCACHE-LOADS"
  package let defaultEvents = [
    "PAPI_TOT_CYC", "PAPI_TOT_INS", "PAPI_SP_OPS", "PAPI_L1_DCM", "PAPI_L2_TCM", "PAPI_L3_TCM",
    "PAPI_TLB_DM", "PAPI_BR_MSP",
  ]
  package let knownEvents: [String]? = nil
  private let open: () throws(PAPILibrary.Missing) -> PAPILibrary
  private let host: CounterHost
  private let threads: () -> [Int32]

  /// PAPI's error numbers that mean something to the ladder.
  private enum Code {
    /// Other events of the set take the counters already.
    static let conflict: Int32 = -8
    static let noSuchEvent: Int32 = -7
    static let noCounter: Int32 = -9
    static let componentDisabled: Int32 = -25
    static let noPermission: Int32 = -15
  }

  /// - Parameters:
  ///   - open: gives the library, or why there is none.
  ///   - threads: of this process, the calling one first.
  package init(
    open: @escaping () throws(PAPILibrary.Missing) -> PAPILibrary = PAPILibrary.shared,
    host: CounterHost = .current, threads: @escaping () -> [Int32] = ProcessThreads.all
  ) {
    self.open = open
    self.host = host
    self.threads = threads
  }

  package func unavailability(of event: String) -> String? {
    do throws(PAPILibrary.Missing) {
      let library = try open()
      guard var set = EventSet(library, thread: threads().first ?? 0) else {
        return reason(library, Code.componentDisabled)
      }
      defer { set.close() }
      let code = set.add(event)
      return code == 0 ? nil : reason(library, code)
    } catch {
      return error.description
    }
  }

  /// The sentence for an error of PAPI.
  private func reason(_ library: PAPILibrary, _ code: Int32) -> String {
    let says = "PAPI \(library.version) says '\(library.text(code))'"
    let disabled = library.disabledReason
    switch code {
    case Code.noPermission: return host.notPermitted
    case _ where !host.hasPMU: return "\(says): \(CounterHost.noPMU)"
    case Code.componentDisabled where (host.paranoid ?? 0) > 2: return host.notPermitted
    case Code.componentDisabled:
      return says + (disabled.isEmpty ? "" : " ('\(disabled)')")
        + ": its tables may lack this processor; --counters perf-hardware needs none"
    default:
      return "\(says): papi_avail and papi_native_avail list the events that there are"
    }
  }

  package func count(
    _ names: [String], calls: Int, allowsMultiplexing: Bool, _ body: () -> Void
  ) -> [CounterReading] {
    let library: PAPILibrary
    do throws(PAPILibrary.Missing) { library = try open() } catch {
      return names.map { .unavailable(name, $0, error.description) }
    }
    var readings: [String: CounterReading] = [:]
    var pending = names
    while !pending.isEmpty {
      let threads = threads()
      guard let own = threads.first, var first = EventSet(library, thread: own) else {
        for event in pending {
          readings[event] = .unavailable(name, event, reason(library, Code.componentDisabled))
        }
        break
      }
      var group: [String] = []
      var rest: [String] = []
      for event in pending {
        let code = first.add(event)
        if code == 0 {
          group.append(event)
        } else if code == Code.conflict || code == Code.noCounter, !group.isEmpty {
          rest.append(event)
        } else {
          readings[event] = .unavailable(name, event, reason(library, code))
        }
      }
      var sets = [first]
      if !group.isEmpty {
        for thread in threads.dropFirst() {
          guard var set = EventSet(library, thread: thread) else { continue }
          if group.allSatisfy({ set.add($0) == 0 }) { sets.append(set) } else { set.close() }
        }
        let values = count(&sets, calls: calls, body)
        let seen = Set(threads).union(self.threads()).count
        let isMultiplexed = sets.contains { $0.isMultiplexed }
        for (index, event) in group.enumerated() {
          readings[event] = reading(
            event, values.map { $0[index] }, calls: calls, seen: seen,
            isMultiplexed: isMultiplexed, allowsMultiplexing: allowsMultiplexing)
        }
      }
      for index in sets.indices { sets[index].close() }
      pending = rest
    }
    return names.map { readings[$0] ?? .unavailable(name, $0, "it was not counted") }
  }

  /// Values of every set that could be started and stopped.
  private func count(_ sets: inout [EventSet], calls: Int, _ body: () -> Void) -> [[Int]] {
    // The calling thread's last, so that it counts least of the starting itself.
    for index in sets.indices.reversed() { sets[index].start() }
    for _ in 0..<calls { body() }
    return sets.indices.compactMap { sets[$0].stop() }
  }

  private func reading(
    _ event: String, _ values: [Int], calls: Int, seen: Int, isMultiplexed: Bool,
    allowsMultiplexing: Bool
  ) -> CounterReading {
    var reading = CounterReading(
      source: name, event: event, status: .ok, callCount: calls, scope: .user,
      threadsCounted: values.count, threadsSeen: seen)
    if values.count != seen {
      reading.status = .withheld
      reading.reason = "\(values.count) of \(seen) threads could be counted"
    } else if isMultiplexed, !allowsMultiplexing {
      reading.status = .withheld
      reading.reason =
        "PAPI multiplexes it, so that it was counted part of the time only; "
        + "--allow-multiplexing extrapolates"
    } else {
      if isMultiplexed {
        reading.status = .scaled
        reading.reason = "counted part of the time and extrapolated by PAPI"
      }
      reading.value = values.reduce(0, +)
    }
    return reading
  }
}

/// The events of one thread.
private struct EventSet {
  private let papi: alex_papi
  private var set: Int32 = -1  // PAPI_NULL
  private var eventCount = 0
  private var isRunning = false

  /// Nil when PAPI cannot count the thread.
  init?(_ library: PAPILibrary, thread: Int32) {
    papi = library.papi
    guard papi.create_eventset(&set) == 0 else { return nil }
    guard papi.assign_eventset_component(set, 0) == 0, papi.attach(set, UInt(thread)) == 0 else {
      close()
      return nil
    }
  }

  mutating func add(_ event: String) -> Int32 {
    let code = papi.add_named_event(set, event)
    if code == 0 { eventCount += 1 }
    return code
  }

  var isMultiplexed: Bool { papi.get_multiplex(set) > 0 }

  mutating func start() { isRunning = papi.start(set) == 0 }

  /// The counts; nil when they could not be had.
  mutating func stop() -> [Int]? {
    guard isRunning else { return nil }
    isRunning = false
    var values = [Int64](repeating: 0, count: eventCount)
    let code = values.withUnsafeMutableBufferPointer { buffer in
      buffer.withMemoryRebound(to: CLongLong.self) { papi.stop(set, $0.baseAddress) }
    }
    return code == 0 ? values.map { Int($0) } : nil
  }

  mutating func close() {
    _ = papi.cleanup_eventset(set)
    _ = papi.destroy_eventset(&set)
  }
}
