/// Comparisons whose intervals hold all at once, and what that takes.
package struct ComparisonFamily: Hashable, Sendable {
  /// Error probability of all intervals together.
  package static let alpha = 0.05

  package let count: Int

  package init(count: Int) { self.count = count }

  /// Of each interval, see ``bonferroni(alpha:family:)``.
  package var alpha: Double { bonferroni(alpha: Self.alpha, family: count) }

  package var confidence: Double { 1 - alpha }

  /// The smallest number of pairs whose sign interval leaves out so many values at either end, less
  /// one: with 1 it goes from the smallest to the largest.
  package func pairCount(rank: Int) -> Int {
    var count = 1
    while (SignInterval(count: count, confidence: confidence)?.lower ?? 0) < rank { count += 1 }
    return count
  }

  /// Whether a ``RankInterval`` of samples of these sizes exists.
  package func hasRankInterval(_ m: Int, _ n: Int) -> Bool {
    let (small, large) = (min(m, n), max(m, n))
    guard small > 0 else { return false }
    // Two of all orders of the values are the most uneven ones.
    var share = 2.0
    for index in 1...small {
      share *= Double(index) / Double(large + index)
      if share <= alpha { return true }
    }
    return false
  }
}
