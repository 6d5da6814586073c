import Results
import Statistics

/// Rules of the comparisons within a run.
package enum BackendComparisonRule {
  /// Error probability of all intervals of a file together.
  package static let alpha = ComparisonFamily.alpha
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

/// How the comparisons of a run are made; `environment.json` says which, so that `compare.csv` can be
/// computed again.
package enum ComparisonRule: Int, Sendable, CaseIterable {
  /// All comparisons of a run hold at once, and only rounds that both sides have count.
  case ofRun = 1
  /// The comparisons of one table hold at once: of a network, batch, number of threads, state of the
  /// caches and pass, as they are shown together. A side that is too slow to take turns is compared by
  /// all blocks of both, see ``RankRatio``.
  case ofTable = 2

  /// What a new run follows.
  package static let current = ComparisonRule.ofTable

  /// The rule of a run; that of runs which do not say, or say something that this version does not
  /// know.
  package init(_ environment: Environment?) {
    self = environment?.comparisonRule.flatMap(Self.init) ?? .ofRun
  }
}

/// What is shown together.
struct ComparisonTable: Hashable {
  let group: GroupKey
  let passName: String

  init(_ key: WorkloadKey) {
    group = GroupKey(key)
    passName = BackendComparison.passName(key)
  }

  var title: String { "\(group.title), \(passName)" }
}

/// Compares the backends of a run on each workload: `compare.csv` as a function of the other files.
///
/// Every backend and instruction set is held against one baseline: `im2col-openblas`, or the first
/// backend with results that is not `naive`. Ratios are taken within rounds, which drift of the
/// machine meets alike; with several launches a launch gives one ratio. Intervals are exact sign
/// intervals that hold all at once with 95 % (Bonferroni over the family, see ``ComparisonRule``). The
/// same rows give the same text on every machine: only + − × ÷.
///
/// Stages inside a net follow as the sums of their steps, see ``StageTimes``. Left out: layers that
/// both sides swallow (`fused`, `elided`), and steps that the baseline lacks, such as reorders.
/// - Parameter base: the baseline; nil for the one above, as in `compare.csv`.
package func compare(
  samples: [SampleRow], workloads: [WorkloadRow], base: String? = nil,
  rule: ComparisonRule = .ofRun
) -> [BackendRatioRow] {
  let pairs = comparedPairs(samples: samples, workloads: workloads, base: base, rule: rule)
  func table(_ pair: ComparedPair) -> ComparisonTable? {
    rule == .ofTable ? ComparisonTable(pair.key) : nil
  }
  let families = Dictionary(grouping: pairs.filter(\.isInFamily), by: table).mapValues {
    FamilyDesigns(ComparisonFamily(count: $0.count))
  }
  return pairs.map { pair in
    var row = BackendRatioRow(
      key: pair.key, baseline: pair.baseline.key.backend, baselineISA: pair.baseline.key.isa,
      contender: pair.contender.key.backend, contenderISA: pair.contender.key.isa,
      scope: pair.scope, verdict: .notComparable, reason: pair.obstacle)
    row.pairCount = pair.ratios.count
    row.ratio = medianRatio(of: pair.ratios)
    guard pair.isInFamily, let designs = families[table(pair)] else { return row }
    designs.judge(pair, rule, &row)
    return row
  }
}

/// The intervals of one family.
private struct FamilyDesigns {
  private let family: ComparisonFamily
  private let designs: DetectionDesigns

  init(_ family: ComparisonFamily) {
    self.family = family
    designs = DetectionDesigns(confidence: family.confidence)
  }

  func judge(_ pair: ComparedPair, _ rule: ComparisonRule, _ row: inout BackendRatioRow) {
    let correction = "bonferroni over \(family.count)"
    if let design = designs.design(count: pair.ratios.count),
      let spread = RatioSpread(pair.ratios)
    {
      let estimate = RatioEstimate(pair.ratios, ranks: design.ranks)
      (row.intervalLower, row.intervalUpper) = (estimate.lower, estimate.upper)
      row.detectableEffectPercent = 100 * design.detectableEffect(spread)
      row.correction = correction
    } else if rule == .ofTable,
      let estimate = RankRatio(
        baseline: pair.baselineTimes, contender: pair.contenderTimes,
        confidence: family.confidence)
    {
      // By counts alone it is decided which of the two intervals a row has.
      row.ratio = estimate.ratio
      (row.intervalLower, row.intervalUpper) = (estimate.lower, estimate.upper)
      row.detectableEffectPercent = 100 * (estimate.detectableFactor - 1)
      row.pairCount = min(pair.baselineTimes.count, pair.contenderTimes.count)
      row.correction = correction + ", unpaired"
    } else {
      row.reason =
        "\(pair.scope.count(pair.ratios.count)), with \(family.count) "
        + "\(family.count == 1 ? "comparison" : "comparisons") an interval takes "
        + "\(designs.minimumCount)"
      return
    }
    row.alpha = family.alpha
    guard let lower = row.intervalLower, let upper = row.intervalUpper else { return }
    row.verdict = BackendComparisonRule.verdict(lower: lower, upper: upper)
    guard row.verdict == .inconclusive else { return }
    row.reason = "the interval holds 1 and is wider than ±2 %"
    if rule == .ofTable, let effect = row.detectableEffectPercent {
      row.reason += "; a difference of \(NumberText.rate(effect)) % would have been told"
    }
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
