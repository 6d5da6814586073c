/// One workload in one launch of a run that was kept to compare with
/// (`baselines/<host-class>/<name>.csv`).
package struct BaselineRow: FileRow {
  package var key = WorkloadKey()
  /// From 0.
  package var launch = 0
  /// Per call, lower median over the blocks of the launch.
  package var nanoseconds = 0.0
  package var blockCount = 0
  package var contaminatedCount = 0
  package var isSteady = true
  /// Median of the clock rates beside the blocks.
  package var clockGHz = 0.0
  /// The command that measures this workload alone.
  package var repro = ""

  package init() {}

  package init(
    key: WorkloadKey, launch: Int, nanoseconds: Double, blockCount: Int, contaminatedCount: Int,
    isSteady: Bool, clockGHz: Double, repro: String
  ) {
    self.key = key
    self.launch = launch
    self.nanoseconds = nanoseconds
    self.blockCount = blockCount
    self.contaminatedCount = contaminatedCount
    self.isSteady = isSteady
    self.clockGHz = clockGHz
    self.repro = repro
  }
}

extension Schema where Row == BaselineRow {
  /// A baseline: one row per workload and launch.
  package static let baseline = Schema(fileName: "<name>.csv", key: \.key) {
    Column("launch", \.launch, "from 0", isRequired: true)
    Column(
      "ns", unit: "ns", \.nanoseconds, "per call, lower median over the blocks of the launch",
      isRequired: true)
    Column("n_blocks", \.blockCount, "blocks")
    Column(
      "n_contaminated", \.contaminatedCount, "of those, the ones that something foreign touched")
    Column("steady", \.isSteady, "1 when all were steady")
    Column(
      "clock_ghz", unit: "GHz", \.clockGHz, "median of the clock rates beside the blocks")
    Column("repro", \.repro, "command that measures this workload alone")
  }
}
