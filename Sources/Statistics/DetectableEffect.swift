/// How ratios of pairs scatter around their median, to either side.
///
/// Factors without a unit: `ratio ∕ median − 1` above and `median ∕ ratio − 1` below, so that
/// swapping the sides of the ratios swaps the two.
package struct RatioSpread: Hashable, Sendable {
  /// Falling; the values of the other side are negative.
  private let above: [Double]
  private let below: [Double]

  /// - Returns: nil with fewer than 4 ratios, of which no spread can be told.
  package init?(_ ratios: [Double]) {
    guard ratios.count >= 4 else { return nil }
    let sorted = ratios.sorted()
    let median = medianRatio(sorted: sorted)
    above = sorted.reversed().map { $0 / median - 1 }
    below = sorted.map { median / $0 - 1 }
  }

  /// The distance from the median that ratios exceed with probability `tail`, at the side where it
  /// is larger.
  ///
  /// Near the median single gaps between ratios say little, and the quantile is drawn straight from
  /// the median to 1.5 ∕ √count of probability beside it. Intervals of as many pairs as these look
  /// farther out; it is designs of more pairs, judged by these, that need it.
  func quantile(tail: Double) -> Double {
    let innermost = max(0.1, 0.5 - 1.5 / Double(above.count).squareRoot())
    let part = tail <= innermost ? 1 : (0.5 - tail) / (0.5 - innermost)
    let outer = min(tail, innermost)
    return part * max(0, Self.quantile(above, outer), Self.quantile(below, outer))
  }

  /// Between two values of the sample it is interpolated. Beyond the outermost value, where small
  /// samples need it, an exponential tail goes on whose scale is the mean excess of the outer
  /// quarter: heavier than a normal tail, since times have wild values that a few rounds miss.
  private static func quantile(_ falling: [Double], _ tail: Double) -> Double {
    let position = tail * Double(falling.count + 1)
    guard position < 1 else {
      let rank = min(Int(position), falling.count - 1)
      let part = min(1, position - Double(rank))
      return falling[rank - 1] * (1 - part) + falling[rank] * part
    }
    let outer = max(2, falling.count / 4)
    let excess =
      falling[..<outer].reduce(0) { $0 + ($1 - falling[outer]) } / Double(outer)
    return falling[0] + excess * reproducibleLogarithm(1 / position)
  }
}

/// What a sign interval of so many pairs can tell: the smallest effect that makes it leave 1 behind
/// with probability 0.95.
///
/// The verdict "slower" takes the r-th smallest of n ratios above 1, r the interval's lower rank.
/// With a true ratio of 1 + d the ratios are (1 + d) · e, e their scatter around the median with
/// distribution F; the r-th smallest exceeds 1 with probability 0.95 when F(1 ∕ (1 + d)) is the 5 %
/// quantile of the r-th smallest of n uniform values, Beta(r, n − r + 1). "Faster" is the mirror
/// image; the larger of the two effects counts.
package struct DetectionDesign: Hashable, Sendable {
  /// 0.05 if F were known. It is estimated, and the larger of two estimates is too large on average,
  /// which would detect with 0.97; replayed with 14 to 400 pairs of normal, Laplace, Student's
  /// t (3 degrees of freedom) and spiky scatter, 0.07 detects with 0.94 to 0.98.
  private static let missRate = 0.07

  package let ranks: SignInterval
  package let count: Int
  /// Share of F beyond the effect that is looked for.
  let tail: Double

  /// - Parameter confidence: of the interval, already corrected for the family it stands in.
  /// - Returns: nil when there are too few pairs for an interval.
  package init?(count: Int, confidence: Double) {
    guard let ranks = SignInterval(count: count, confidence: confidence) else { return nil }
    self.ranks = ranks
    self.count = count
    tail = orderStatisticQuantile(rank: ranks.lower, count: count, probability: Self.missRate)
  }

  /// The minimum detectable effect: 0.03 = 3 %.
  package func detectableEffect(_ spread: RatioSpread) -> Double { spread.quantile(tail: tail) }

  /// The smallest number of pairs that detects an effect, given how pairs scatter.
  /// - Returns: nil when it is above `limit`.
  package static func count(
    detecting effect: Double, spread: RatioSpread, confidence: Double, limit: Int
  ) -> Int? {
    precondition(effect > 0)
    func suffices(_ count: Int) -> Bool {
      guard let design = DetectionDesign(count: count, confidence: confidence) else { return false }
      return design.detectableEffect(spread) <= effect
    }
    var upper = 8
    while !suffices(upper) {
      guard upper < limit else { return nil }
      upper = min(2 * upper, limit)
    }
    var lower = upper == 8 ? 0 : upper / 2
    while upper - lower > 1 {
      let middle = (lower + upper) / 2
      if suffices(middle) { upper = middle } else { lower = middle }
    }
    return upper
  }
}
