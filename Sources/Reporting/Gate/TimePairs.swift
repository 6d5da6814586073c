import Results
import Statistics

/// What one workload gave in the launches of one stage, pair by pair.
struct TimePairs {
  private(set) var base: [Double] = []
  private(set) var head: [Double] = []
  /// What the head takes relative to the base.
  private(set) var ratios: [Double] = []

  var count: Int { ratios.count }

  /// - Parameter ratio: of neighbouring blocks; that of the two times where there were none.
  mutating func add(base: Double, head: Double, ratio: Double?) {
    self.base.append(base)
    self.head.append(head)
    ratios.append(ratio ?? head / base)
  }

  /// What all pairs say, once they are there.
  private(set) var launchRatio: LaunchRatio?
  private(set) var spread: Double?
  private(set) var baseNanoseconds: Double?

  mutating func estimate() {
    launchRatio = LaunchRatio(ratios)
    spread = LaunchRatio.spread(ratios)
    baseNanoseconds = OrderStatistics(base)?.median
  }

  var headNanoseconds: Double? { OrderStatistics(head)?.median }

  /// Nanoseconds per call that the head takes longer.
  var change: Double {
    guard let ratio = launchRatio?.estimate, let base = baseNanoseconds else { return 0 }
    return (ratio - 1) * base
  }
}

/// One workload's pairs in both stages, and what else its rows say.
struct PairSeries {
  var key: WorkloadKey
  var repro: String
  /// By attempt.
  var times: [Int: TimePairs] = [:]
  /// Pairs in which a side was not steady, by attempt: where blocks have neighbours, both sides see the
  /// same, and the first blocks of many decide nothing.
  private var unsteadyCounts: [Int: Int] = [:]
  /// No row says that the sides run different code.
  var isSameCode = true
  /// Why it has no times, and how bad that is.
  var failure: (status: Status, reason: String)?

  init(_ row: PairRow) {
    key = row.key.without(.run)
    repro = row.repro
  }

  mutating func add(_ row: PairRow) {
    if row.base.code.isEmpty || row.base.code != row.head.code { isSameCode = false }
    guard row.status == .ok else {
      failure = failure ?? (row.status, row.reason)
      return
    }
    guard let base = row.base.nanoseconds, let head = row.head.nanoseconds, base > 0, head > 0,
      (row.ratio ?? 1) > 0
    else { return }
    times[row.attempt, default: TimePairs()].add(base: base, head: head, ratio: row.ratio)
    if row.ratio == nil, !(row.base.isSteady && row.head.isSteady) {
      unsteadyCounts[row.attempt, default: 0] += 1
    }
  }

  /// Makes the estimates, once all rows are there.
  mutating func estimate() {
    for attempt in times.keys { times[attempt]?.estimate() }
  }

  subscript(attempt: Int) -> TimePairs { times[attempt] ?? TimePairs() }

  /// Whether both sides were steady in half of the pairs at least, in each stage.
  var isSteady: Bool { unsteadyCounts.allSatisfy { 2 * $0.value <= self[$0.key].count } }
}
