import Results

/// The columns of the report's tables.
enum ReportLayout {
  private static let milliseconds: @Sendable (Double) -> String = NumberText.milliseconds
  private static let ratio: @Sendable (Double) -> String = NumberText.ratio
  private static let rate: @Sendable (Double) -> String = NumberText.rate
  private static let count: @Sendable (Double) -> String = NumberText.count

  static let median = ReportColumn(
    Schema.summary, "median_ns", "median", unit: "ms", show: milliseconds)

  static let summary: [ReportColumn<SummaryRow>] = [
    ReportColumn(.summary, "backend"),
    ReportColumn(.summary, "isa"),
    ReportColumn(.summary, "batch"),
    ReportColumn(.summary, "threads"),
    ReportColumn(.summary, "pass"),
    ReportColumn(.summary, "cache"),
    ReportColumn(.summary, "status"),
    median,
    ReportColumn(.summary, "ci95_lo_ns", "95 % from", unit: "ms", show: milliseconds),
    ReportColumn(.summary, "ci95_hi_ns", "to", unit: "ms", show: milliseconds),
    ReportColumn(.summary, "min_ns", "least", unit: "ms", show: milliseconds),
    ReportColumn(.summary, "p95_ns", "p95", unit: "ms", show: milliseconds),
    ReportColumn(.summary, "n_rounds", "rounds"),
    ReportColumn(.summary, "n_contaminated", "contaminated"),
    ReportColumn(.summary, "gflops_per_s", "rate", unit: "GFLOP/s", show: rate),
    ReportColumn(.summary, "pct_of_roof", "of roof", unit: "%", show: rate),
    ReportColumn(.summary, "bound"),
    ReportColumn(.summary, "share_of_net_pct", "share of net", unit: "%", show: rate),
    ReportColumn(.summary, "reconcile_pct", "steps − net", unit: "%", show: rate),
    ReportColumn(.summary, "nrmse", show: NumberText.error),
    ReportColumn(.summary, "implementation"),
    ReportColumn(.summary, "delegated_to", "handed to"),
    ReportColumn(.summary, "reason"),
  ]

  static let compare: [ReportColumn<BackendRatioRow>] = [
    ReportColumn(.compare, "contender"),
    ReportColumn(.compare, "contender_isa", "isa"),
    ReportColumn(.compare, "baseline", "base"),
    ReportColumn(.compare, "batch"),
    ReportColumn(.compare, "threads"),
    ReportColumn(.compare, "pass"),
    ReportColumn(.compare, "kind"),
    ReportColumn(.compare, "cache"),
    ReportColumn(.compare, "ratio_median", "ratio", show: ratio),
    ReportColumn(.compare, "ratio_ci_lo", "from", show: ratio),
    ReportColumn(.compare, "ratio_ci_hi", "to", show: ratio),
    ReportColumn(.compare, "verdict"),
    ReportColumn(.compare, "mde_pct", "MDE", unit: "%", show: rate),
    ReportColumn(.compare, "n_pairs", "pairs"),
    ReportColumn(.compare, "reason"),
  ]

  static let phases: [ReportColumn<PhaseRow>] = [
    ReportColumn(.phases, "backend"),
    ReportColumn(.phases, "isa"),
    ReportColumn(.phases, "batch"),
    ReportColumn(.phases, "threads"),
    ReportColumn(.phases, "pass"),
    ReportColumn(.phases, "cache"),
    ReportColumn(.phases, "phase"),
    ReportColumn(.phases, "share_pct", "share", unit: "%", show: rate),
  ]

  static let counters: [ReportColumn<CounterRow>] = [
    ReportColumn(.counters, "backend"),
    ReportColumn(.counters, "isa"),
    ReportColumn(.counters, "batch"),
    ReportColumn(.counters, "threads"),
    ReportColumn(.counters, "source"),
    ReportColumn(.counters, "event"),
    ReportColumn(.counters, "per_call", "per call", show: count),
    ReportColumn(.counters, "scope"),
    ReportColumn(.counters, "status"),
    ReportColumn(.counters, "reason"),
  ]

  static let roofs: [ReportColumn<RoofRow>] = [
    ReportColumn(.roofs, "level"),
    ReportColumn(.roofs, "isa"),
    ReportColumn(.roofs, "threads"),
    ReportColumn(.roofs, "value", "largest", show: rate),
    ReportColumn(.roofs, "median", show: rate),
    ReportColumn(.roofs, "unit"),
  ]
}
