/// What a run says about one workload (`summary.csv`): a function of the other files.
///
/// Nil and empty = absent; the reason stands beside it, or in `workload.reason` when the workload
/// is not `ok`.
public struct SummaryRow: Hashable, Sendable {
  public var workload: WorkloadRow
  public var launchCount = 0
  /// Rounds over all launches.
  public var roundCount = 0
  /// Blocks that something foreign touched.
  public var contaminatedCount = 0
  public var time = TimeSummary()
  public var work = WorkSummary()
  public var net = NetSummary()

  public var key: WorkloadKey { workload.key }

  public init(workload: WorkloadRow) { self.workload = workload }
}

/// Times per call, in nanoseconds: wall time of a block over its iterations.
public struct TimeSummary: Hashable, Sendable {
  public var minimum: Double?
  public var median: Double?
  /// Median without contaminated blocks; absent when none is left.
  public var medianClean: Double?
  /// Exact 95 % order-statistic interval of the median.
  public var intervalLower: Double?
  public var intervalUpper: Double?
  public var intervalReason = ""
  public var percentile95: Double?
  public var medianAbsoluteDeviation: Double?
  /// Minimum detectable effect.
  public var detectableEffectPercent: Double?
  public var detectableEffectReason = ""
  public init() {}
}

/// Work per call, and rates at the median time.
public struct WorkSummary: Hashable, Sendable {
  /// Of direct convolution.
  public var flopsAlgorithmic: Int?
  /// Of the method that ran.
  public var flopsExecuted: Int?
  public var flopsReason = ""
  /// Each input, weight and output once.
  public var bytes: Int?
  /// Algorithmic FLOPs over the median.
  public var gigaflopsPerSecond: Double?
  public var gigabytesPerSecond: Double?
  public var intensity: Double?
  public var percentOfRoof: Double?
  /// What binds: `compute` or a level of memory.
  public var bound = ""
  public var roofReason = ""
  public init() {}
}

/// How a workload stands to the full net.
public struct NetSummary: Hashable, Sendable {
  /// Median over the net's median of the same backend, instruction set, threads and batch.
  public var sharePercent: Double?
  public var shareReason = ""
  /// (Sum of the in-net steps − net) ∕ net; on the net's row only.
  public var reconcilePercent: Double?
  public var reconcileReason = ""
  public init() {}
}
