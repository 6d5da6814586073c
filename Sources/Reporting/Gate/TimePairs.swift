import Results
import Statistics

/// The times of one workload on both sides, pair by pair.
struct TimePairs {
  private(set) var base: [Double] = []
  private(set) var head: [Double] = []

  var count: Int { base.count }

  mutating func add(base: Double, head: Double) {
    self.base.append(base)
    self.head.append(head)
  }

  /// With base and head exchanged.
  var swapped: TimePairs {
    var pairs = TimePairs()
    pairs.base = head
    pairs.head = base
    return pairs
  }

  var ratios: [Double] { zip(base, head).map { $1 / $0 } }

  /// How likely as many pairs with a head slower than `limit` times its base would be, were that
  /// factor the median one: the one-sided exact sign test. It falls below an error probability
  /// exactly when the lower bound of the ratio's sign interval is above the limit.
  func pValue(beyond limit: Double) -> Double {
    guard count > 0 else { return 1 }
    let above = zip(base, head).count { $1 > limit * $0 }
    return binomialTail(atLeast: above, count: count, probability: 0.5)
  }

  /// Lower median of the differences.
  var medianChange: Double {
    OrderStatistics(zip(base, head).map { $1 - $0 })?.median ?? 0
  }
}

/// One workload's pairs in both stages, and what else its rows say.
struct PairSeries {
  var key: WorkloadKey
  var repro: String
  /// By attempt.
  var times: [Int: TimePairs] = [:]
  /// Pairs of the first stage in which a side was not steady.
  var unsteadyCount = 0
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
    guard let base = row.base.nanoseconds, let head = row.head.nanoseconds, base > 0, head > 0
    else { return }
    times[row.attempt, default: TimePairs()].add(base: base, head: head)
    if row.attempt == 1, !(row.base.isSteady && row.head.isSteady) { unsteadyCount += 1 }
  }

  subscript(attempt: Int) -> TimePairs { times[attempt] ?? TimePairs() }
}
