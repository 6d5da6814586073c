/// What two runs say about one backend on one workload (`compare-runs.csv`): a function of both.
package struct RunRatioRow: FileRow {
  /// The workload; `runID` is empty, the two runs stand in columns of their own.
  package var key = WorkloadKey()
  package var baselineRun = ""
  package var contenderRun = ""
  /// Instruction set in the contender's run; a library may choose another one there.
  package var contenderISA = ""
  package var quantity = ComparedQuantity.time
  /// The backend that times are divided by within each run; empty for times themselves.
  package var divisor = ""
  package var scope = ComparisonScope.process
  package var baselineCount = 0
  package var contenderCount = 0
  package var baselineMedian: Double?
  package var contenderMedian: Double?
  package var ratio: Double?
  package var intervalLower: Double?
  package var intervalUpper: Double?
  package var correction = ""
  package var alpha: Double?
  package var marginPercent = 0.0
  package var detectableEffectPercent: Double?
  package var verdict = ComparisonVerdict.notComparable
  package var reason = ""

  package init() {}
}

/// What of two runs is compared.
package enum ComparedQuantity: String, Sendable, CaseIterable, Codable, FieldValue {
  /// Time per call, in nanoseconds.
  case time = "time_ns"
  /// Time over that of another backend in the same round.
  case ratio
}

extension Schema where Row == RunRatioRow {
  /// `compare-runs.csv`: one row per backend and workload that both runs have.
  package static let compareRuns = Schema(
    fileName: "compare-runs.csv", key: \.key, without: ["run_id"]
  ) {
    Column("baseline_run", \.baselineRun, "the first run", isRequired: true)
    Column(
      "contender_run", \.contenderRun, "the second, which is held against it", isRequired: true)
    Column("contender_isa", \.contenderISA, "instruction set in the second run")
    Column("quantity", \.quantity, "`time_ns`, or with `--cross-host` `ratio`")
    Column(
      "divisor", \.divisor,
      """
      with `ratio`: the backend by whose time in the same round, within each run, times are divided
      """)
    Column(
      "scope", \.scope,
      """
      `host` when both runs have several launches and launches are counted; `process` otherwise, \
      which is true of these two processes only
      """)
    Column("n_baseline", \.baselineCount, "rounds or launches of the first run")
    Column("n_contender", \.contenderCount, "of the second")
    Column(
      "baseline_median", \.baselineMedian,
      """
      median of the first run, in nanoseconds or as a ratio; of an even count √(a·b) of the two in \
      the middle
      """)
    Column("contender_median", \.contenderMedian, "of the second")
    Column(
      "ratio_median", \.ratio, "the second over the first; below 1 the second run is faster")
    Column(
      "ratio_ci_lo", \.intervalLower,
      """
      interval of that ratio: the contender's lower end over the baseline's upper end, of exact \
      order-statistic intervals that each miss with `alpha` ∕ 2. It holds whatever the distributions
      """)
    Column(
      "ratio_ci_hi", \.intervalUpper,
      "the contender's upper end over the baseline's lower end")
    Column("correction", \.correction, "how `alpha` was made, as in compare.csv")
    Column("alpha", \.alpha, "error probability of this interval alone")
    Column(
      "margin_pct", unit: "%", \.marginPercent,
      """
      factors up to 1 + margin either way count as no difference: 5 %, or `--margin`. Two processes \
      of one program differ by some percent, by where their memory lies
      """)
    Column(
      "mde_pct", unit: "%", \.detectableEffectPercent,
      """
      the least difference in percent that so many rounds, scattering as these do, would put beyond \
      the margin with probability 0.9 or more
      """)
    Column(
      "verdict", \.verdict,
      """
      of the second run, `slower`, `faster`: the interval lies wholly beyond the margin. \
      `equivalent`: wholly within. `inconclusive`: neither, or a layer's difference is below 0.2 % \
      of the net's time. `not-comparable`: see `reason`
      """, isRequired: true)
    Column("reason", \.reason, "why there is no interval, or why it decides nothing")
  }
}
