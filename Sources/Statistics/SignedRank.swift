import Synchronization

/// Wilcoxon's signed-rank statistic: of n values, how many of their n(n + 1) ∕ 2 means of two, each
/// value with itself included, are above 0.
///
/// Its distribution is exact where each value is as likely as its negative. That is the case for
/// logarithms of the ratios of two programs that do the same, when chance or design decides who is
/// first: exchanging the two names gives the reciprocals. Sources: Wilcoxon, Biometrics Bulletin 1
/// (1945), 80–83; for the form by means of two Tukey, The simplest signed-rank tests (1949).
package enum SignedRank {
  /// P(W ≥ w) for each w from 0 to n(n + 1) ∕ 2 + 1.
  ///
  /// Sums and halvings only. Complexity: O(n³).
  package static func tails(count: Int) -> [Double] {
    var density = [1.0]
    for rank in 0..<count {
      // With probability ½ the value of rank + 1 is above 0, and adds its rank.
      var next = [Double](repeating: 0, count: density.count + rank + 1)
      for (sum, probability) in density.enumerated() {
        next[sum] += probability / 2
        next[sum + rank + 1] += probability / 2
      }
      density = next
    }
    var tails = [Double](repeating: 0, count: density.count + 1)
    for sum in density.indices.reversed() { tails[sum] = tails[sum + 1] + density[sum] }
    return tails
  }

  private static let known = Mutex<[Int: [Double]]>([:])

  /// The same, each count computed once.
  static func knownTails(count: Int) -> [Double] {
    known.withLock { known in
      if let tails = known[count] { return tails }
      let tails = tails(count: count)
      known[count] = tails
      return tails
    }
  }

  /// How many of the outermost means of two an interval leaves out at each end.
  /// - Parameters:
  ///   - count: of the values.
  ///   - alpha: probability that the median is beyond one end.
  /// - Returns: nil when even the outermost values are not enough.
  static func rank(count: Int, alpha: Double) -> Int? {
    let tails = knownTails(count: count)
    // P(W ≤ r − 1) ≤ α is P(W ≥ largest − r + 1) ≤ α.
    let largest = tails.count - 2
    let rank = (0...largest).first { tails[largest - $0] > alpha } ?? largest
    return rank > 0 ? rank : nil
  }
}

/// What ratios from launches say about the ratio of two programs: the Hodges–Lehmann estimate, and
/// the interval of the exact signed-rank test, both by the geometric means of two ratios.
///
/// One number per launch: what blocks of one process have in common, such as where its memory lies,
/// is in each number once, however many blocks there were. Swapping the sides gives the reciprocals.
/// Source: Hodges and Lehmann, Annals of Mathematical Statistics 34 (1963), 598–611.
package struct LaunchRatio: Hashable, Sendable {
  package let count: Int
  package let estimate: Double
  /// Geometric means of two, in rising order.
  private let means: [Double]

  /// - Parameter ratios: of launches, above 0.
  /// - Returns: nil without any.
  package init?(_ ratios: [Double]) {
    guard !ratios.isEmpty else { return nil }
    count = ratios.count
    means = ratios.indices.flatMap { first in
      ratios[first...].map { (ratios[first] * $0).squareRoot() }
    }.sorted()
    estimate = medianRatio(sorted: means)
  }

  /// The smallest and the largest of the ratios.
  package var outermost: ClosedRange<Double> { means[0]...means[means.count - 1] }

  /// What the ratio is above, except with probability `alpha`.
  /// - Returns: nil when there are too few launches for that.
  package func lower(alpha: Double) -> Double? {
    SignedRank.rank(count: count, alpha: alpha).map { means[$0 - 1] }
  }

  /// What the ratio is below, except with probability `alpha`.
  package func upper(alpha: Double) -> Double? {
    SignedRank.rank(count: count, alpha: alpha).map { means[means.count - $0] }
  }

  /// How likely launches as slow as these would be, were the ratio `limit`.
  package func pValue(beyond limit: Double) -> Double {
    SignedRank.knownTails(count: count)[means.count { $0 > limit }]
  }

  /// How the ratios scatter: the root of the mean square of their distances from the estimate, as
  /// factors without 1.
  /// - Returns: nil with fewer than 3 launches.
  package static func spread(_ ratios: [Double]) -> Double? {
    guard ratios.count >= 3, let center = LaunchRatio(ratios)?.estimate else { return nil }
    let squares = ratios.reduce(0) { sum, ratio in
      let distance = max(ratio / center, center / ratio) - 1
      return sum + distance * distance
    }
    return (squares / Double(ratios.count - 1)).squareRoot()
  }
}
