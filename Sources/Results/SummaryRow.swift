/// What a run says about one workload (`summary.csv`): a function of the other files.
///
/// Nil and empty = absent; the reason stands beside it, or in `workload.reason` when the workload
/// is not `ok`.
package struct SummaryRow: Hashable, Sendable {
  package var workload: WorkloadRow
  package var launchCount = 0
  /// Rounds over all launches.
  package var roundCount = 0
  /// Blocks that something foreign touched.
  package var contaminatedCount = 0
  package var time = TimeSummary()
  package var work = WorkSummary()
  package var net = NetSummary()

  package var key: WorkloadKey { workload.key }

  package init(workload: WorkloadRow) { self.workload = workload }
}

/// Times per call, in nanoseconds: wall time of a block over its iterations.
package struct TimeSummary: Hashable, Sendable {
  package var minimum: Double?
  package var median: Double?
  /// Median without contaminated blocks; absent when none is left.
  package var medianClean: Double?
  /// Exact 95 % order-statistic interval of the median.
  package var intervalLower: Double?
  package var intervalUpper: Double?
  package var intervalReason = ""
  package var percentile95: Double?
  package var medianAbsoluteDeviation: Double?
  /// Minimum detectable effect.
  package var detectableEffectPercent: Double?
  package var detectableEffectReason = ""
  package init() {}
}

/// Work per call, and rates at the median time.
package struct WorkSummary: Hashable, Sendable {
  /// Of direct convolution.
  package var flopsAlgorithmic: Int?
  /// Of the method that ran.
  package var flopsExecuted: Int?
  package var flopsReason = ""
  /// Each input, weight and output once.
  package var bytes: Int?
  /// Algorithmic FLOPs over the median.
  package var gigaflopsPerSecond: Double?
  package var gigabytesPerSecond: Double?
  package var intensity: Double?
  package var percentOfRoof: Double?
  /// What binds: `compute` or a level of memory.
  package var bound = ""
  package var roofReason = ""
  package init() {}
}

/// How a workload stands to the full net.
package struct NetSummary: Hashable, Sendable {
  /// Median over the net's median of the same backend, instruction set, threads and batch.
  package var sharePercent: Double?
  package var shareReason = ""
  /// (Sum of the in-net steps − net) ∕ net; on the net's row only.
  package var reconcilePercent: Double?
  package var reconcileReason = ""
  package init() {}
}
