/// How a backend compares with itself on one workload (`calibration.csv`): what differences mean on
/// this host.
package struct CalibrationRow: Hashable, Sendable {
  /// Of the first copy.
  package var key: WorkloadKey
  package var hostClass: String
  /// Rounds in which both copies were timed.
  package var roundCount: Int
  /// Second copy ∕ first copy.
  package var medianRatio: Double?
  /// Exact 95 % order-statistic interval of the median.
  package var intervalLower: Double?
  package var intervalUpper: Double?
  /// Median absolute deviation of the rounds' ratios from their median, over that median.
  package var spreadPercent: Double?
  /// Parts of the rounds, each looked at as a comparison of its own.
  package var windowCount: Int
  /// Of those, the ones whose interval leaves 1 outside.
  package var falseAlarmCount: Int
  /// Minimum detectable effect of a comparison over all rounds.
  package var detectableEffectPercent: Double?
  package var detectableEffectReason: String

  package init(
    key: WorkloadKey, hostClass: String, roundCount: Int = 0, medianRatio: Double? = nil,
    intervalLower: Double? = nil, intervalUpper: Double? = nil, spreadPercent: Double? = nil,
    windowCount: Int = 0, falseAlarmCount: Int = 0, detectableEffectPercent: Double? = nil,
    detectableEffectReason: String = ""
  ) {
    self.key = key
    self.hostClass = hostClass
    self.roundCount = roundCount
    self.medianRatio = medianRatio
    self.intervalLower = intervalLower
    self.intervalUpper = intervalUpper
    self.spreadPercent = spreadPercent
    self.windowCount = windowCount
    self.falseAlarmCount = falseAlarmCount
    self.detectableEffectPercent = detectableEffectPercent
    self.detectableEffectReason = detectableEffectReason
  }
}

extension Schema where Row == CalibrationRow {
  /// `calibration.csv`: one row per workload of a backend that was compared with itself.
  package static let calibration = Schema(
    fileName: "calibration.csv", blank: CalibrationRow(key: .blank, hostClass: ""),
    columns: keyColumns.map { $0.lifted(\.key) } + [
      Column("host_class", \.hostClass),
      Column("n_rounds", \.roundCount),
      Column("ratio_median", \.medianRatio),
      Column("ratio_ci_lo", \.intervalLower),
      Column("ratio_ci_hi", \.intervalUpper),
      Column("spread_pct", unit: "%", \.spreadPercent),
      Column("n_windows", \.windowCount),
      Column("n_false_alarms", \.falseAlarmCount),
      Column("mde_pct", unit: "%", \.detectableEffectPercent),
      Column("mde_reason", \.detectableEffectReason),
    ])
}
