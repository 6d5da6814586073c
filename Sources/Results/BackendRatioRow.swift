/// What a run says about a pair of backends on one workload (`compare.csv`): a function of the
/// other files.
package struct BackendRatioRow: RunFileRow {
  package static var schema: Schema<BackendRatioRow> { .compare }

  /// The workload; `backend` and `isa` are empty, the pair stands in columns of its own.
  package var key = WorkloadKey()
  package var baseline = ""
  package var baselineISA = ""
  package var contender = ""
  package var contenderISA = ""
  package var scope = ComparisonScope.process
  package var pairCount = 0
  package var ratio: Double?
  package var intervalLower: Double?
  package var intervalUpper: Double?
  package var correction = ""
  package var alpha: Double?
  package var detectableEffectPercent: Double?
  package var verdict = ComparisonVerdict.notComparable
  package var reason = ""

  package init() {}

  package init(
    key: WorkloadKey, baseline: String, baselineISA: String, contender: String,
    contenderISA: String, scope: ComparisonScope, verdict: ComparisonVerdict, reason: String
  ) {
    self.key = key
    self.baseline = baseline
    self.baselineISA = baselineISA
    self.contender = contender
    self.contenderISA = contenderISA
    self.scope = scope
    self.verdict = verdict
    self.reason = reason
  }
}

/// What a comparison speaks of.
package enum ComparisonScope: String, Sendable, CaseIterable, Codable, FieldValue {
  /// Pairs are rounds of one launch: true of that process.
  case process
  /// Pairs are launches: true of the host.
  case host
}

/// Outcome of a comparison; the contender is what is faster or slower.
package enum ComparisonVerdict: String, Sendable, CaseIterable, Codable, FieldValue {
  case faster, slower
  /// The interval holds 1 and lies inside the margin.
  case equivalent
  /// The interval holds 1 and reaches beyond the margin.
  case inconclusive
  case notComparable = "not-comparable"
}

extension Schema where Row == BackendRatioRow {
  /// `compare.csv`: one row per pair of backends and workload, computed from the other files.
  package static let compare = Schema(
    fileName: "compare.csv", key: \.key, without: ["backend", "isa"]
  ) {
    Column("baseline", \.baseline, "backend that is compared with", isRequired: true)
    Column("baseline_isa", \.baselineISA, "its instruction set", isRequired: true)
    Column("contender", \.contender, "backend that is compared", isRequired: true)
    Column("contender_isa", \.contenderISA, "its instruction set", isRequired: true)
    Column(
      "scope", \.scope,
      """
      what the row speaks of: `process` with one launch, where pairs are rounds; `host` with \
      several, where a launch gives one pair, the median ratio of its rounds
      """, isRequired: true)
    Column("n_pairs", \.pairCount, "pairs: rounds or launches that both sides have")
    Column(
      "ratio_median", \.ratio,
      """
      time of the contender over time of the baseline, median over the pairs; of an even count \
      √(a·b) of the two in the middle. Below 1 the contender is faster. Empty without pairs
      """)
    Column(
      "ratio_ci_lo", \.intervalLower,
      """
      exact order-statistic (sign) interval of the median ratio at confidence 1 − `alpha`: lower end
      """)
    Column("ratio_ci_hi", \.intervalUpper, "upper end")
    Column(
      "correction", \.correction,
      """
      how `alpha` was made: `bonferroni over N` is 0.05 ∕ N, N all comparisons with 6 pairs or more, \
      both sides `ok` and neither handed to another backend: of the file with `comparison_rule` 1, \
      with 2 of one table (network, batch, threads, caches and pass; stages for themselves). So all \
      intervals of the file or table hold at once with 95 %. `, unpaired` is added where too few \
      rounds have both sides: then the interval is the exact one of Mann, Whitney, Hodges and Lehmann \
      from all blocks of both, `ratio_median` the median of all their ratios, and `n_pairs` the blocks \
      of the side that has fewer
      """)
    Column("alpha", \.alpha, "error probability of this interval alone")
    Column(
      "mde_pct", unit: "%", \.detectableEffectPercent,
      """
      minimum detectable effect: the least difference in percent that as many pairs, scattering as \
      these do, would call `faster` or `slower` with probability 0.95
      """)
    Column(
      "verdict", \.verdict,
      """
      `slower`, `faster`: the interval lies above or below 1. `equivalent`: it holds 1 and lies \
      within 1 ∕ 1.02 … 1.02. `inconclusive`: it holds 1 and is wider. `not-comparable`: see `reason`
      """, isRequired: true)
    Column("reason", \.reason, "why there is no interval, or why it decides nothing")
  }
}
