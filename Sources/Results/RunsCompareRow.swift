/// What two runs say about one backend on one workload (`compare-runs.csv`): a function of both.
package struct RunsCompareRow: Hashable, Sendable {
  /// The workload; `runID` is empty, the two runs stand in columns of their own.
  package var key: WorkloadKey
  package var baselineRun: String
  package var contenderRun: String
  /// Instruction set in the contender's run; a library may choose another one there.
  package var contenderISA: String
  package var quantity: ComparedQuantity
  /// The backend that times are divided by within each run; empty for times themselves.
  package var divisor = ""
  package var scope: CompareScope
  /// Rounds or launches of each side.
  package var baselineCount = 0
  package var contenderCount = 0
  /// Nanoseconds, or ratios to the divisor.
  package var baselineMedian: Double?
  package var contenderMedian: Double?
  /// Contender's median over the baseline's.
  package var ratio: Double?
  package var intervalLower: Double?
  package var intervalUpper: Double?
  package var correction = ""
  /// Error probability of this interval alone.
  package var alpha: Double?
  /// Ratios within 1 ∕ (1 + margin) … 1 + margin count as no difference.
  package var marginPercent: Double
  package var detectableEffectPercent: Double?
  package var verdict: CompareVerdict
  package var reason: String

  package init(
    key: WorkloadKey, baselineRun: String, contenderRun: String, quantity: ComparedQuantity,
    scope: CompareScope, marginPercent: Double, verdict: CompareVerdict, reason: String
  ) {
    self.key = key
    self.key.runID = ""
    self.baselineRun = baselineRun
    self.contenderRun = contenderRun
    contenderISA = key.isa
    self.quantity = quantity
    self.scope = scope
    self.marginPercent = marginPercent
    self.verdict = verdict
    self.reason = reason
  }
}

/// What of two runs is compared.
package enum ComparedQuantity: String, Sendable, CaseIterable, Codable {
  /// Time per call, in nanoseconds.
  case time = "time_ns"
  /// Time over that of another backend in the same round.
  case ratio
}

extension ComparedQuantity: FieldValue {}

extension Schema where Row == RunsCompareRow {
  /// `compare-runs.csv`: one row per backend and workload that both runs have.
  package static let runsCompare = Schema(
    fileName: "compare-runs.csv",
    blank: RunsCompareRow(
      key: .blank, baselineRun: "", contenderRun: "", quantity: .time, scope: .process,
      marginPercent: 0, verdict: .notComparable, reason: ""),
    columns: keyColumns.map { column in
      column.name == "run_id" ? .alwaysEmpty(column.name) : column.lifted(\.key)
    } + [
      Column("baseline_run", \.baselineRun),
      Column("contender_run", \.contenderRun),
      Column("contender_isa", \.contenderISA),
      Column("quantity", \.quantity),
      Column("divisor", \.divisor),
      Column("scope", \.scope),
      Column("n_baseline", \.baselineCount),
      Column("n_contender", \.contenderCount),
      Column("baseline_median", \.baselineMedian),
      Column("contender_median", \.contenderMedian),
      Column("ratio_median", \.ratio),
      Column("ratio_ci_lo", \.intervalLower),
      Column("ratio_ci_hi", \.intervalUpper),
      Column("correction", \.correction),
      Column("alpha", \.alpha),
      Column("margin_pct", unit: "%", \.marginPercent),
      Column("mde_pct", unit: "%", \.detectableEffectPercent),
      Column("verdict", \.verdict),
      Column("reason", \.reason),
    ])
}
