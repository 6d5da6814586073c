import Results

extension GroupRunner {
  /// Calls that are counted over: as many as fit, so that what happens once in many calls is seen.
  private static let counterNanoseconds = 20_000_000
  private static let counterCalls = 1...200

  /// Counts events of all that is alive, in calls of their own.
  func measureCounters(_ options: CounterOptions) throws {
    let inProcess = options.requests.filter { $0.source != CallgrindSource.sourceName }
    let simulated = options.requests.first { $0.source == CallgrindSource.sourceName }
    for index in alive where !inProcess.isEmpty {
      guard let handle = slots[index].prepared?.handle else { continue }
      try proceed("counters", index)
      let fitting = Self.counterNanoseconds / max(slots[index].nanoseconds, 1)
      let calls = min(max(fitting, Self.counterCalls.lowerBound), Self.counterCalls.upperBound)
      let readings = try ledger.measure(.counters) {
        try host.counters(
          handle, inProcess, calls: calls, allowsMultiplexing: options.allowsMultiplexing)
      }
      add(readings, index)
    }
    guard let simulated, !alive.isEmpty else { return }
    let child = try ledger.measure(.launching) {
      try CallgrindChild(worker: options.workerCommand, events: simulated.events)
    }
    defer { child.close() }
    for index in alive {
      guard let prepared = slots[index].prepared else { continue }
      try proceed("callgrind", index)
      let request = slots[index].request
      add(try ledger.measure(.counters) { try child.count(request, as: prepared) }, index)
    }
  }

  /// Leaves out the counts of workloads that were found to be wrong after, or were interrupted.
  func dropCountersOfRejected() {
    let rejected = Set(slots.filter { $0.row.status != .ok }.map(\.row.key))
    record.counters.removeAll { rejected.contains($0.key) }
  }

  private func add(_ readings: [CounterReading], _ index: Int) {
    record.counters += readings.map { CounterRow(slots[index].row.key, $0) }
  }
}

extension CounterRow {
  /// A reading of the workload with that key.
  init(_ key: WorkloadKey, _ reading: CounterReading) {
    self.init(
      key: key, source: reading.source, event: reading.event, value: reading.value,
      callCount: reading.callCount,
      perCall: reading.value.map { Double($0) / Double(max(reading.callCount, 1)) },
      scope: reading.scope?.rawValue ?? "", threadsCounted: reading.threadsCounted,
      threadsSeen: reading.threadsSeen, enabledNanoseconds: reading.enabledNanoseconds,
      runningNanoseconds: reading.runningNanoseconds, status: reading.status.rawValue,
      reason: reading.reason)
  }
}
