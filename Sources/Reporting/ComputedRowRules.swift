import Results

/// Rules of the files that are computed from the others: what a reader relies on without computing
/// them again.
extension RowRules {
  static func summary(_ runID: String?) -> RowRule<SummaryRow> {
    var seen = Seen<WorkloadKey>("row of this workload")
    return RowRule { row in
      var problems = Problems(runID, row.key.runID)
      problems.expectNew(row.key, &seen, "layer")
      let time = row.time
      let times = [
        ("min_ns", time.minimum), ("median_ns", time.median), ("p95_ns", time.percentile95),
        ("mad_ns", time.medianAbsoluteDeviation),
      ]
      guard row.workload.status == .ok else {
        let all =
          times + [
            ("median_clean_ns", time.medianClean), ("ci95_lo_ns", time.intervalLower),
            ("ci95_hi_ns", time.intervalUpper), ("mde_pct", time.detectableEffectPercent),
          ]
        for (column, value) in all {
          problems.expect(
            value == nil, column, "must be empty with status \(row.workload.status.rawValue)")
        }
        return problems.found
      }
      for (column, value) in times {
        problems.expect(value != nil, column, "is missing with status ok")
      }
      problems.expect(
        (time.intervalLower == nil) == (time.intervalUpper == nil), "ci95_hi_ns",
        "is there without the other end, or missing beside it")
      problems.expectReason(
        time.intervalReason, "interval_reason", hasValue: time.intervalLower != nil, "ci95_lo_ns")
      problems.expectReason(
        time.detectableEffectReason, "mde_reason", hasValue: time.detectableEffectPercent != nil,
        "mde_pct")
      problems.expectReason(
        row.work.flopsReason, "flops_reason", hasValue: row.work.flopsExecuted != nil,
        "flops_executed")
      problems.expectReason(
        row.work.roofReason, "roof_reason", hasValue: row.work.percentOfRoof != nil, "pct_of_roof")
      if row.key.layerIndex < 0 {
        problems.expectReason(
          row.net.reconcileReason, "reconcile_reason", hasValue: row.net.reconcilePercent != nil,
          "reconcile_pct")
      } else {
        problems.expectReason(
          row.net.shareReason, "share_reason", hasValue: row.net.sharePercent != nil,
          "share_of_net_pct")
      }
      return problems.found
    }
  }

  static func compare(_ runID: String?) -> RowRule<CompareRow> {
    var seen = Seen<[AnyHashable]>("row of this pair")
    return RowRule { row in
      var problems = Problems(runID, row.key.runID)
      problems.expectNew(
        [row.key, row.baseline, row.baselineISA, row.contender, row.contenderISA], &seen,
        "contender")
      let isDecided = [.faster, .slower, .equivalent].contains(row.verdict)
      problems.expect(
        isDecided == row.reason.isEmpty, "reason",
        isDecided
          ? "must be empty with verdict \(row.verdict.rawValue)"
          : "is missing with verdict \(row.verdict.rawValue)")
      let isComparable = row.verdict != .notComparable
      for (column, value) in [
        ("ratio_ci_lo", row.intervalLower), ("ratio_ci_hi", row.intervalUpper),
        ("alpha", row.alpha), ("mde_pct", row.detectableEffectPercent),
      ] {
        problems.expect(
          (value != nil) == isComparable, column,
          isComparable ? "is missing" : "must be empty with verdict not-comparable")
      }
      problems.expect(
        (row.ratio != nil) == (row.pairCount > 0), "ratio_median",
        row.ratio == nil ? "is missing" : "is there without pairs")
      return problems.found
    }
  }
}
