/// What a run says about one workload (`summary.csv`): a function of the other files.
///
/// Nil and empty = absent; the reason stands beside it, or in `workload.reason` when the workload
/// is not `ok`.
package struct SummaryRow: RunFileRow {
  package static var schema: Schema<SummaryRow> { .summary }

  package var workload = WorkloadRow()
  package var launchCount = 0
  package var roundCount = 0
  package var contaminatedCount = 0
  package var time = TimeSummary()
  package var work = WorkSummary()
  package var net = NetSummary()

  package var key: WorkloadKey { workload.key }

  package init() {}

  package init(workload: WorkloadRow) { self.workload = workload }
}

/// Times per call, in nanoseconds: wall time of a block over its iterations.
package struct TimeSummary: Hashable, Sendable {
  package var minimum: Double?
  package var median: Double?
  package var medianClean: Double?
  package var intervalLower: Double?
  package var intervalUpper: Double?
  package var intervalReason = ""
  package var percentile95: Double?
  package var medianAbsoluteDeviation: Double?
  package var detectableEffectPercent: Double?
  package var detectableEffectReason = ""
  package init() {}
}

/// Work per call, and rates at the median time.
package struct WorkSummary: Hashable, Sendable {
  package var flopsAlgorithmic: Int?
  package var flopsExecuted: Int?
  package var flopsReason = ""
  package var bytes: Int?
  package var gigaflopsPerSecond: Double?
  package var gigabytesPerSecond: Double?
  package var intensity: Double?
  package var percentOfRoof: Double?
  package var bound = ""
  package var roofReason = ""
  package init() {}
}

/// How a workload stands to the full net.
package struct NetSummary: Hashable, Sendable {
  package var sharePercent: Double?
  package var shareReason = ""
  package var reconcilePercent: Double?
  package var reconcileReason = ""
  package init() {}
}

extension Schema where Row == SummaryRow {
  /// `summary.csv`: one row per workload and backend, computed from the other files.
  package static let summary = Schema(fileName: "summary.csv", key: \.workload.key) {
    WorkloadRow.factColumns.map { $0.lifted(\.workload) }
    Column("n_launches", \.launchCount, "launches with samples")
    Column(
      "n_rounds", \.roundCount,
      """
      rounds over all launches; with `--precision` or `--budget` each layer and net has its own \
      number
      """)
    Column("n_contaminated", \.contaminatedCount, "contaminated blocks")
    Column("min_ns", unit: "ns", \.time.minimum, "fastest block")
    Column(
      "median_ns", unit: "ns", \.time.median, "median of all blocks; of an even count the lower")
    Column(
      "median_clean_ns", unit: "ns", \.time.medianClean,
      "the same without contaminated blocks; empty when none is left")
    Column(
      "ci95_lo_ns", unit: "ns", \.time.intervalLower,
      """
      exact 95 % order-statistic (sign) interval of the median: lower end. Over rounds with one \
      launch – then it speaks of that process – otherwise over launch medians. For this row alone, \
      not corrected for the number of rows
      """)
    Column("ci95_hi_ns", unit: "ns", \.time.intervalUpper, "upper end")
    Column(
      "interval_reason", \.time.intervalReason,
      "why there is no interval: it takes 6 rounds or launches")
    Column("p95_ns", unit: "ns", \.time.percentile95, "95th percentile, nearest rank")
    Column(
      "mad_ns", unit: "ns", \.time.medianAbsoluteDeviation,
      "median absolute deviation from the median")
    Column(
      "mde_pct", unit: "%", \.time.detectableEffectPercent,
      """
      minimum detectable effect of this row against itself: the least change in percent that would \
      take the 95 % interval of as many new rounds (launches) off today's median with probability \
      0.95, judged by how these scatter. Backends are compared in `compare.csv`
      """)
    Column("mde_reason", \.time.detectableEffectReason, "why there is none")
    Column(
      "flops_algorithmic", unit: "FLOP", \.work.flopsAlgorithmic, "of direct convolution")
    Column(
      "flops_executed", unit: "FLOP", \.work.flopsExecuted,
      """
      of the method that ran: `executed_flops`; in runs from before that column the number of \
      direct convolution, unless a Winograd method ran
      """)
    Column("flops_reason", \.work.flopsReason, "why FLOPs are missing")
    Column("bytes_min", unit: "bytes", \.work.bytes, "each input, weight and output once")
    Column(
      "gflops_per_s", unit: "GFLOP/s", \.work.gigaflopsPerSecond,
      "`flops_algorithmic` over `median_ns`")
    Column(
      "gbytes_per_s", unit: "GB/s", \.work.gigabytesPerSecond, "`bytes_min` over `median_ns`")
    Column(
      "intensity_flop_per_byte", unit: "FLOP/byte", \.work.intensity,
      "`flops_algorithmic` over `bytes_min`")
    Column(
      "pct_of_roof", unit: "%", \.work.percentOfRoof,
      "100 × the least time that the roofs allow ∕ `median_ns`, see below")
    Column(
      "bound", \.work.bound,
      "what sets that least time: `compute`, or a level of memory as in `roofs.csv`")
    Column("roof_reason", \.work.roofReason, "why the two are missing")
    Column(
      "share_of_net_pct", unit: "%", \.net.sharePercent,
      """
      median over the net's median of the same backend, instruction set, threads and batch; not on \
      the net's own row. With `pass` = `in-net` it is the step's part of the net
      """)
    Column("share_reason", \.net.shareReason, "why there is none")
    Column(
      "reconcile_pct", unit: "%", \.net.reconcilePercent,
      """
      (sum of the steps inside the net − net) ∕ net: the median over the rounds in which both were \
      timed; on the net's row only
      """)
    Column("reconcile_reason", \.net.reconcileReason, "why there is none")
  }
}
