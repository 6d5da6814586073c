/// One workload in one launch of a run that was kept to compare with
/// (`baselines/<host-class>/<name>.csv`).
package struct BaselineRow: FileRow {
  package var key = WorkloadKey()
  package var launch = 0
  package var nanoseconds = 0.0
  package var blockCount = 0
  package var contaminatedCount = 0
  package var isSteady = true
  package var clockGHz = 0.0
  package var repro = ""

  package init() {}

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
