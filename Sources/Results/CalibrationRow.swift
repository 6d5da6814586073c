/// How a backend compares with itself on one workload (`calibration.csv`): what differences mean on
/// this host.
package struct CalibrationRow: RunFileRow {
  package static var schema: Schema<CalibrationRow> { .calibration }

  /// Of the first copy.
  package var key = WorkloadKey()
  package var hostClass = ""
  package var roundCount = 0
  package var medianRatio: Double?
  package var intervalLower: Double?
  package var intervalUpper: Double?
  package var spreadPercent: Double?
  package var windowCount = 0
  package var falseAlarmCount = 0
  package var detectableEffectPercent: Double?
  package var detectableEffectReason = ""

  package init() {}
}

extension Schema where Row == CalibrationRow {
  /// `calibration.csv`: one row per workload of a backend that was compared with itself.
  package static let calibration = Schema(fileName: "calibration.csv", key: \.key) {
    Column("host_class", \.hostClass, "as in `environment.json`", isRequired: true)
    Column("n_rounds", \.roundCount, "rounds in which both copies were timed")
    Column(
      "ratio_median", \.medianRatio,
      """
      second copy ∕ first copy, median over the rounds; of an even count √(a·b) of the middle two
      """)
    Column(
      "ratio_ci_lo", \.intervalLower,
      """
      exact 95 % order-statistic (sign) interval of that median: lower end; empty below 6 rounds
      """)
    Column("ratio_ci_hi", \.intervalUpper, "upper end")
    Column(
      "spread_pct", unit: "%", \.spreadPercent,
      "100 × median absolute deviation of the rounds' ratios ∕ their median")
    Column(
      "n_windows", \.windowCount,
      """
      parts of the rounds that were taken for comparisons of their own, of at least 12 rounds each \
      where there are so many
      """)
    Column(
      "n_false_alarms", \.falseAlarmCount,
      "of those, the ones whose 95 % interval leaves 1 outside")
    Column(
      "mde_pct", unit: "%", \.detectableEffectPercent,
      "minimum detectable effect of a comparison over all rounds")
    Column("mde_reason", \.detectableEffectReason, "why there is none")
  }
}
