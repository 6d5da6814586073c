/// One event of one workload (`counters.csv`), from calls of their own.
package struct CounterRow: RunFileRow {
  package static var schema: Schema<CounterRow> { .counters }

  package var key = WorkloadKey()
  package var source = ""
  package var event = ""
  package var value: Int?
  package var callCount = 0
  package var perCall: Double?
  package var scope = ""
  package var threadsCounted: Int?
  package var threadsSeen: Int?
  package var enabledNanoseconds: Int?
  package var runningNanoseconds: Int?
  package var status = ""
  package var reason = ""

  package init() {}

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
  package static let counters = Schema(fileName: "counters.csv", key: \.key) {
    Column(
      "source", \.source,
      """
      `papi`, `perf-hardware`, `perf-software`, `rusage`, `callgrind`; `derived` for what is \
      computed from the others
      """, isRequired: true)
    Column("event", \.event, "name in its source; times in ns", isRequired: true)
    Column("value", \.value, "total over calls and threads")
    Column(
      "n_calls", \.callCount,
      "calls; each group of events that the processor counts at once has its own")
    Column("per_call", \.perCall, "`value` over `n_calls`; of derived rows the value itself")
    Column(
      "scope", \.scope,
      """
      whose work: `user+kernel` and `user` (threads of the process with or without the kernel on \
      their behalf), `process` (the system's account), `simulated` (callgrind: caches of a fixed \
      size, cold before the call)
      """)
    Column("threads_counted", \.threadsCounted, "threads whose work is in the value")
    Column("threads_seen", \.threadsSeen, "threads of the process before or after the calls")
    Column(
      "time_enabled_ns", unit: "ns", \.enabledNanoseconds,
      """
      how long the events were switched on, summed over threads; empty where the source does not tell
      """)
    Column(
      "time_running_ns", unit: "ns", \.runningNanoseconds, "how long they were counted")
    Column(
      "status", \.status,
      """
      `ok`; `scaled` (counted part of the time and extrapolated, with `--allow-multiplexing`); \
      `advisory` (callgrind ran another kernel than the processor does); `withheld` (counted part \
      of the time, or not on all threads); `unavailable`
      """, isRequired: true)
    Column(
      "reason", \.reason,
      """
      why the status is not `ok`, and what to do; of derived rows what they come from
      """)
  }
}
