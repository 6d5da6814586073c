import Results
import Statistics

/// Rules of the comparisons within a run.
package enum BackendComparisonRule {
  /// Error probability of all intervals of a file together.
  package static let alpha = 0.05
  /// Factors between 1 ∕ (1 + margin) and 1 + margin count as no difference: 2 %.
  package static let margin = 0.02
  /// The backend that others are compared with, where it has results.
  package static let preferredBaseline = "im2col-openblas"
  /// Never a baseline while another backend has results: it is a definition, not a contender.
  static let lastBaseline = "naive"
  /// Pairs that make a comparison one of the family; fewer never have a 95 % interval.
  static let minimumPairs = 6

  /// The verdict of an interval of the ratio contender ∕ baseline.
  package static func verdict(lower: Double, upper: Double) -> ComparisonVerdict {
    if lower > 1 { return .slower }
    if upper < 1 { return .faster }
    return upper <= 1 + margin && lower * (1 + margin) >= 1 ? .equivalent : .inconclusive
  }
}

/// Compares the backends of a run on each workload: `compare.csv` as a function of the other files.
///
/// Every backend and instruction set is held against one baseline: `im2col-openblas`, or the first
/// backend with results that is not `naive`. Ratios are taken within rounds, which drift of the
/// machine meets alike; with several launches a launch gives one ratio. Intervals are exact sign
/// intervals that hold all at once with 95 % (Bonferroni over the family, the comparisons with 6
/// pairs or more). The same rows give the same text on every machine: only + − × ÷ √.
///
/// Stages inside a net follow as the sums of their steps, see ``StageTimes``. Left out: layers that
/// both sides swallow (`fused`, `elided`), and steps that the baseline lacks, such as reorders.
/// - Parameter base: the baseline; nil for the one above, as in `compare.csv`.
package func compare(
  samples: [SampleRow], workloads: [WorkloadRow], base: String? = nil
) -> [BackendRatioRow] {
  let pairs = comparedPairs(samples: samples, workloads: workloads, base: base)
  let family = pairs.count(where: \.isInFamily)
  let alpha = bonferroni(alpha: BackendComparisonRule.alpha, family: family)
  let designs = DetectionDesigns(confidence: 1 - alpha)
  return pairs.map { pair in
    var row = BackendRatioRow(
      key: pair.key, baseline: pair.baseline.key.backend, baselineISA: pair.baseline.key.isa,
      contender: pair.contender.key.backend, contenderISA: pair.contender.key.isa,
      scope: pair.scope, verdict: .notComparable, reason: pair.obstacle)
    row.pairCount = pair.ratios.count
    row.ratio = medianRatio(of: pair.ratios)
    guard pair.isInFamily else { return row }
    guard let design = designs.design(count: pair.ratios.count),
      let spread = RatioSpread(pair.ratios)
    else {
      row.reason =
        "\(pair.scope.count(pair.ratios.count)), with \(family) "
        + "\(family == 1 ? "comparison" : "comparisons") an interval takes "
        + "\(designs.minimumCount)"
      return row
    }
    let estimate = RatioEstimate(pair.ratios, ranks: design.ranks)
    row.intervalLower = estimate.lower
    row.intervalUpper = estimate.upper
    row.correction = "bonferroni over \(family)"
    row.alpha = alpha
    row.detectableEffectPercent = 100 * design.detectableEffect(spread)
    row.verdict = BackendComparisonRule.verdict(lower: estimate.lower, upper: estimate.upper)
    if row.verdict == .inconclusive { row.reason = "the interval holds 1 and is wider than ±2 %" }
    return row
  }
}

/// Designs by the number of pairs, each made once.
final class DetectionDesigns {
  private let confidence: Double
  private var known: [Int: DetectionDesign?] = [:]

  init(confidence: Double) { self.confidence = confidence }

  func design(count: Int) -> DetectionDesign? {
    if let design = known[count] { return design }
    let design = DetectionDesign(count: count, confidence: confidence)
    known[count] = design
    return design
  }

  /// Pairs that an interval takes.
  var minimumCount: Int {
    (1...).first { SignInterval(count: $0, confidence: confidence) != nil }!
  }
}
