/// Ratio `contender / baseline` over paired measurements.
///
/// The median of the pairs' ratios; of an even count √(a·b) of the two middle ones, so that
/// swapping the sides gives the reciprocal.
package func medianRatio(_ pairs: [(baseline: Double, contender: Double)]) -> Double? {
  medianRatio(of: pairs.map { $0.contender / $0.baseline })
}

/// The median of ratios.
package func medianRatio(of ratios: [Double]) -> Double? {
  ratios.isEmpty ? nil : medianRatio(sorted: ratios.sorted())
}

/// - Parameter ratios: in rising order, at least one.
func medianRatio(sorted ratios: [Double]) -> Double {
  let upper = ratios[ratios.count / 2]
  guard ratios.count.isMultiple(of: 2) else { return upper }
  return (ratios[ratios.count / 2 - 1] * upper).squareRoot()
}

/// What ratios of pairs say about the ratio of two workloads.
///
/// Results are values of the sample or √(a·b) of two, so any program recomputes them to the same
/// bits.
package struct RatioEstimate: Hashable, Sendable {
  package let count: Int
  package let median: Double
  /// The exact order-statistic interval of the median.
  package let lower: Double
  package let upper: Double

  /// - Parameter confidence: of the interval, already corrected for the family it stands in.
  /// - Returns: nil when there are too few pairs for an interval, see ``SignInterval``.
  package init?(_ ratios: [Double], confidence: Double) {
    guard let ranks = SignInterval(count: ratios.count, confidence: confidence) else { return nil }
    self.init(ratios, ranks: ranks)
  }

  /// With ranks that are known already.
  package init(_ ratios: [Double], ranks: SignInterval) {
    precondition(ranks.lower >= 1 && ranks.upper <= ratios.count)
    let sorted = ratios.sorted()
    count = sorted.count
    median = medianRatio(sorted: sorted)
    lower = sorted[ranks.lower - 1]
    upper = sorted[ranks.upper - 1]
  }
}
