import Networks

/// The key columns, in the order in which they stand in every file after `schema_version`.
let keyColumns: [Column<WorkloadKey>] = [
  Column("run_id", \.runID),
  Column("network", \.network),
  Column("layer_index", \.layerIndex),
  Column("layer", \.layer),
  Column("stage", \.stage),
  Column("kind", \.kind),
  Column("direction", \.direction),
  Column("backend", \.backend),
  Column("isa", \.isa),
  Column("threads", \.threads),
  Column("batch", \.batch),
  Column("pass", \.pass),
  Column("cache", \.cache),
]

extension WorkloadKey {
  static let blank = WorkloadKey(
    runID: "", network: "", layerIndex: 0, layer: "", stage: "", kind: "", direction: .forward,
    backend: "", isa: "", threads: 0, batch: 0, pass: .isolated, cache: .warm)
}

extension Schema where Row == SampleRow {
  /// `samples.csv`: one row per timed block, in order.
  package static let samples = Schema(
    fileName: "samples.csv",
    blank: SampleRow(
      key: .blank, launch: 0, round: 0, position: 0, seed: 0,
      block: BlockMeasurement(
        iterations: 0, startNanoseconds: 0, wallNanoseconds: 0, cpuUserNanoseconds: 0,
        cpuSystemNanoseconds: 0, faults: 0, switches: 0, migrations: 0, stealNanoseconds: nil,
        clockGHz: 0, isContaminated: false, isSteady: false)),
    columns: keyColumns.map { $0.lifted(\.key) } + [
      Column("launch", \.launch),
      Column("round", \.round),
      Column("position", \.position),
      Column("seed", \.seed),
      Column("block_iterations", \.block.iterations),
      Column("t_start_ns", unit: "ns", \.block.startNanoseconds),
      Column("wall_ns", unit: "ns", \.block.wallNanoseconds),
      Column("cpu_user_ns", unit: "ns", \.block.cpuUserNanoseconds),
      Column("cpu_system_ns", unit: "ns", \.block.cpuSystemNanoseconds),
      Column("faults", \.block.faults),
      Column("switches", \.block.switches),
      Column("migrations", \.block.migrations),
      Column("steal_ns", unit: "ns", \.block.stealNanoseconds),
      Column("clock_ghz", unit: "GHz", \.block.clockGHz),
      Column("contaminated", \.block.isContaminated),
      Column("steady", \.block.isSteady),
    ])
}

/// The facts of `workloads.csv`, which `summary.csv` repeats.
let workloadColumns: [Column<WorkloadRow>] =
  keyColumns.map { $0.lifted(\.key) } + [
    Column("status", \.status),
    Column("reason", \.reason),
    Column("implementation", \.facts.implementation),
    Column("kernel_id", \.facts.kernelID),
    Column("layout", \.facts.layout),
    Column("tile", \.facts.tile),
    Column("delegated_to", \.facts.delegatedTo),
    Column("first_ns", unit: "ns", \.facts.firstNanoseconds),
    Column("prepare_ns", unit: "ns", \.facts.prepareNanoseconds),
    Column("reorder_in_ns", unit: "ns", \.facts.reorderInNanoseconds),
    Column("reorder_out_ns", unit: "ns", \.facts.reorderOutNanoseconds),
    Column("workspace_bytes", unit: "bytes", \.facts.workspaceBytes),
    Column("weight_bytes", unit: "bytes", \.facts.weightBytes),
    Column("peak_rss_bytes", unit: "bytes", \.facts.peakRSSBytes),
    Column("max_abs_err", \.check.maxAbsError),
    Column("nrmse", \.check.nrmse),
    Column("err_bound", \.check.errorBound),
    Column("repro", \.repro),
  ]

extension Schema where Row == WorkloadRow {
  /// `workloads.csv`: one row per workload and backend, facts that are not in the samples.
  package static let workloads = Schema(
    fileName: "workloads.csv", blank: WorkloadRow(key: .blank, status: .ok),
    columns: workloadColumns)
}

extension Schema where Row == LayerRow {
  /// `layers.csv`: one row per layer and batch, and one for the net; the same for all backends,
  /// so the backend's key columns are empty.
  package static let layers = Schema(
    fileName: "layers.csv",
    blank: LayerRow(
      runID: "", network: "", layerIndex: 0, layer: "", stage: "", kind: "", batch: 0,
      inputShape: "", outputShape: "", problem: "", multiplyAdds: 0, flops: 0, parameters: 0,
      inputBytes: 0, outputBytes: 0, weightBytes: 0),
    columns: [
      Column("run_id", \.runID),
      Column("network", \.network),
      Column("layer_index", \.layerIndex),
      Column("layer", \.layer),
      Column("stage", \.stage),
      Column("kind", \.kind),
      Column("direction", \.direction),
      .alwaysEmpty("backend"),
      .alwaysEmpty("isa"),
      .alwaysEmpty("threads"),
      Column("batch", \.batch),
      .alwaysEmpty("pass"),
      .alwaysEmpty("cache"),
      Column("input_shape", \.inputShape),
      Column("output_shape", \.outputShape),
      Column("problem", \.problem),
      Column("multiply_adds", \.multiplyAdds),
      Column("flops", unit: "FLOP", \.flops),
      Column("parameters", \.parameters),
      Column("input_bytes", unit: "bytes", \.inputBytes),
      Column("output_bytes", unit: "bytes", \.outputBytes),
      Column("weight_bytes", unit: "bytes", \.weightBytes),
    ])
}

extension Column {
  /// A key column that does not apply to the file.
  static func alwaysEmpty(_ name: String) -> Column {
    var column = Column(name) { _ in "" }
    column.read = { $1.isEmpty }
    return column
  }
}

extension Schema where Row == SummaryRow {
  /// `summary.csv`: one row per workload and backend, computed from the other files.
  package static let summary = Schema(
    fileName: "summary.csv", blank: SummaryRow(workload: WorkloadRow(key: .blank, status: .ok)),
    columns: workloadColumns.map { $0.lifted(\.workload) } + [
      Column("n_launches", \.launchCount),
      Column("n_rounds", \.roundCount),
      Column("n_contaminated", \.contaminatedCount),
      Column("min_ns", unit: "ns", \.time.minimum),
      Column("median_ns", unit: "ns", \.time.median),
      Column("median_clean_ns", unit: "ns", \.time.medianClean),
      Column("ci95_lo_ns", unit: "ns", \.time.intervalLower),
      Column("ci95_hi_ns", unit: "ns", \.time.intervalUpper),
      Column("interval_reason", \.time.intervalReason),
      Column("p95_ns", unit: "ns", \.time.percentile95),
      Column("mad_ns", unit: "ns", \.time.medianAbsoluteDeviation),
      Column("mde_pct", unit: "%", \.time.detectableEffectPercent),
      Column("mde_reason", \.time.detectableEffectReason),
      Column("flops_algorithmic", unit: "FLOP", \.work.flopsAlgorithmic),
      Column("flops_executed", unit: "FLOP", \.work.flopsExecuted),
      Column("flops_reason", \.work.flopsReason),
      Column("bytes_min", unit: "bytes", \.work.bytes),
      Column("gflops_per_s", unit: "GFLOP/s", \.work.gigaflopsPerSecond),
      Column("gbytes_per_s", unit: "GB/s", \.work.gigabytesPerSecond),
      Column("intensity_flop_per_byte", unit: "FLOP/byte", \.work.intensity),
      Column("pct_of_roof", unit: "%", \.work.percentOfRoof),
      Column("bound", \.work.bound),
      Column("roof_reason", \.work.roofReason),
      Column("share_of_net_pct", unit: "%", \.net.sharePercent),
      Column("share_reason", \.net.shareReason),
      Column("reconcile_pct", unit: "%", \.net.reconcilePercent),
      Column("reconcile_reason", \.net.reconcileReason),
    ])
}
