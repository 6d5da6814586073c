/// One event of one workload (`counters.csv`), from calls of their own.
package struct CounterRow: Hashable, Sendable {
  package var key: WorkloadKey
  /// `papi`, `perf-hardware`, `perf-software`, `rusage`, `callgrind`; `derived` for a value that
  /// was computed from the others.
  package var source: String
  package var event: String
  /// Total over the calls and threads; nil when it was not counted.
  package var value: Int?
  package var callCount: Int
  package var perCall: Double?
  /// Whose work is counted: `user+kernel`, `user`, `process`, `simulated`; empty when unknown.
  package var scope: String
  package var threadsCounted: Int?
  package var threadsSeen: Int?
  /// Sums over threads.
  package var enabledNanoseconds: Int?
  package var runningNanoseconds: Int?
  /// `ok`, `scaled`, `advisory`, `withheld`, `unavailable`.
  package var status: String
  /// Why the status is not `ok`; of a derived value what it was computed from.
  package var reason: String

  package init(
    key: WorkloadKey, source: String, event: String, value: Int? = nil, callCount: Int = 0,
    perCall: Double? = nil, scope: String = "", threadsCounted: Int? = nil,
    threadsSeen: Int? = nil, enabledNanoseconds: Int? = nil, runningNanoseconds: Int? = nil,
    status: String, reason: String = ""
  ) {
    self.key = key
    self.source = source
    self.event = event
    self.value = value
    self.callCount = callCount
    self.perCall = perCall
    self.scope = scope
    self.threadsCounted = threadsCounted
    self.threadsSeen = threadsSeen
    self.enabledNanoseconds = enabledNanoseconds
    self.runningNanoseconds = runningNanoseconds
    self.status = status
    self.reason = reason
  }

  /// The source of values that are computed from other rows.
  package static let derivedSource = "derived"
}

extension Schema where Row == CounterRow {
  /// `counters.csv`: one row per workload and event; only there when counters were asked for.
  package static let counters = Schema(
    fileName: "counters.csv", blank: CounterRow(key: .blank, source: "", event: "", status: ""),
    columns: keyColumns.map { $0.lifted(\.key) } + [
      Column("source", \.source),
      Column("event", \.event),
      Column("value", \.value),
      Column("n_calls", \.callCount),
      Column("per_call", \.perCall),
      Column("scope", \.scope),
      Column("threads_counted", \.threadsCounted),
      Column("threads_seen", \.threadsSeen),
      Column("time_enabled_ns", unit: "ns", \.enabledNanoseconds),
      Column("time_running_ns", unit: "ns", \.runningNanoseconds),
      Column("status", \.status),
      Column("reason", \.reason),
    ])
}
