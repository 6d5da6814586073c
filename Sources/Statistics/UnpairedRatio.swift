/// The ratio `contender ∕ baseline` of the medians of two samples that are not paired, such as those
/// of two runs.
///
/// The interval goes from the contender's lower end over the baseline's upper end to the contender's
/// upper end over the baseline's lower end, of exact order-statistic intervals that miss with half
/// the error probability each: both hold at once with the confidence asked for, and where both hold,
/// so does the quotient. No assumption on the distributions, not even that they have one shape.
/// Source: ``SignInterval`` for each side; for the split Dunn, Journal of the American Statistical
/// Association 56 (1961), 52–64.
package struct UnpairedRatio: Hashable, Sendable {
  /// Quotient of the two medians, each as ``medianRatio(of:)`` takes it.
  package let ratio: Double
  package let lower: Double
  package let upper: Double
  /// The least factor d > 1 such that a true ratio of `threshold` · d puts the interval beyond
  /// `threshold` with probability 0.9 at least, and with 0.95 for scatter as benchmarks have it.
  package let detectableFactor: Double

  /// - Parameters:
  ///   - baseline: values above 0.
  ///   - confidence: of the interval, already corrected for the family it stands in.
  /// - Returns: nil when a side has too few values, see ``minimumCount(confidence:)``, or one that is
  ///   not above 0.
  package init?(baseline: [Double], contender: [Double], confidence: Double) {
    self.init(
      baseline: baseline, contender: contender,
      baselineDesign: Self.design(count: baseline.count, confidence: confidence),
      contenderDesign: Self.design(count: contender.count, confidence: confidence))
  }

  /// With designs that are known already, see ``design(count:confidence:)``.
  package init?(
    baseline: [Double], contender: [Double], baselineDesign: DetectionDesign?,
    contenderDesign: DetectionDesign?
  ) {
    guard let baselineDesign, let contenderDesign, let baselineSpread = RatioSpread(baseline),
      let contenderSpread = RatioSpread(contender), baseline.allSatisfy({ $0 > 0 }),
      contender.allSatisfy({ $0 > 0 })
    else { return nil }
    let below = RatioEstimate(baseline, ranks: baselineDesign.ranks)
    let above = RatioEstimate(contender, ranks: contenderDesign.ranks)
    ratio = above.median / below.median
    lower = above.lower / below.upper
    upper = above.upper / below.lower
    // Each side's end keeps within its own distance with 0.95. Where both do, the interval is beyond
    // the threshold; it may be so as well when one keeps well within and the other does not.
    detectableFactor =
      (1 + baselineDesign.detectableEffect(baselineSpread))
      * (1 + contenderDesign.detectableEffect(contenderSpread))
  }

  /// Ranks of one side's interval.
  /// - Parameter confidence: of the ratio's interval.
  package static func design(count: Int, confidence: Double) -> DetectionDesign? {
    DetectionDesign(count: count, confidence: sideConfidence(confidence))
  }

  /// Values that each side must have.
  package static func minimumCount(confidence: Double) -> Int {
    (1...).first { SignInterval(count: $0, confidence: sideConfidence(confidence)) != nil }!
  }

  private static func sideConfidence(_ confidence: Double) -> Double { 1 - (1 - confidence) / 2 }
}
