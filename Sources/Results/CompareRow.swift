/// What a run says about a pair of backends on one workload (`compare.csv`): a function of the
/// other files.
package struct CompareRow: Hashable, Sendable {
  /// The workload; `backend` and `isa` are empty, the pair stands in columns of its own.
  package var key: WorkloadKey
  package var baseline: String
  package var baselineISA: String
  package var contender: String
  package var contenderISA: String
  package var scope: CompareScope
  package var pairCount = 0
  /// Time of the contender over that of the baseline.
  package var ratio: Double?
  /// Exact order-statistic interval of the median ratio at confidence 1 − `alpha`.
  package var intervalLower: Double?
  package var intervalUpper: Double?
  /// How `alpha` was corrected, for example `bonferroni over 96`; empty without an interval.
  package var correction = ""
  /// Error probability of this interval alone.
  package var alpha: Double?
  /// Minimum detectable effect.
  package var detectableEffectPercent: Double?
  package var verdict: CompareVerdict
  /// Why the verdict is `inconclusive` or `not-comparable`.
  package var reason: String

  package init(
    key: WorkloadKey, baseline: String, baselineISA: String, contender: String,
    contenderISA: String, scope: CompareScope, verdict: CompareVerdict, reason: String
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
package enum CompareScope: String, Sendable, CaseIterable, Codable {
  /// Pairs are rounds of one launch: true of that process.
  case process
  /// Pairs are launches: true of the host.
  case host
}

/// Outcome of a comparison; the contender is what is faster or slower.
package enum CompareVerdict: String, Sendable, CaseIterable, Codable {
  case faster, slower
  /// The interval holds 1 and lies inside the margin.
  case equivalent
  /// The interval holds 1 and reaches beyond the margin.
  case inconclusive
  case notComparable = "not-comparable"
}

extension CompareScope: FieldValue {}
extension CompareVerdict: FieldValue {}

extension Schema where Row == CompareRow {
  /// `compare.csv`: one row per pair of backends and workload, computed from the other files.
  package static let compare = Schema(
    fileName: "compare.csv",
    blank: CompareRow(
      key: .blank, baseline: "", baselineISA: "", contender: "", contenderISA: "", scope: .process,
      verdict: .notComparable, reason: ""),
    columns: keyColumns.map { column in
      let isOfPair = column.name == "backend" || column.name == "isa"
      return isOfPair ? .alwaysEmpty(column.name) : column.lifted(\.key)
    } + [
      Column("baseline", \.baseline),
      Column("baseline_isa", \.baselineISA),
      Column("contender", \.contender),
      Column("contender_isa", \.contenderISA),
      Column("scope", \.scope),
      Column("n_pairs", \.pairCount),
      Column("ratio_median", \.ratio),
      Column("ratio_ci_lo", \.intervalLower),
      Column("ratio_ci_hi", \.intervalUpper),
      Column("correction", \.correction),
      Column("alpha", \.alpha),
      Column("mde_pct", unit: "%", \.detectableEffectPercent),
      Column("verdict", \.verdict),
      Column("reason", \.reason),
    ])
}
