/// One workload in one launch of a run that was kept to compare with
/// (`baselines/<host-class>/<name>.csv`).
package struct BaselineRow: Hashable, Sendable {
  package var key: WorkloadKey
  /// From 0.
  package var launch: Int
  /// Per call, lower median over the blocks of the launch.
  package var nanoseconds: Double
  package var blockCount: Int
  package var contaminatedCount: Int
  package var isSteady: Bool
  /// Median of the clock rates beside the blocks.
  package var clockGHz: Double
  /// The command that measures this workload alone.
  package var repro: String

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
  package static let baseline = Schema(
    fileName: "<name>.csv",
    blank: BaselineRow(
      key: .blank, launch: 0, nanoseconds: 0, blockCount: 0, contaminatedCount: 0, isSteady: false,
      clockGHz: 0, repro: ""),
    columns: keyColumns.map { $0.lifted(\.key) } + [
      Column("launch", \.launch),
      Column("ns", unit: "ns", \.nanoseconds),
      Column("n_blocks", \.blockCount),
      Column("n_contaminated", \.contaminatedCount),
      Column("steady", \.isSteady),
      Column("clock_ghz", unit: "GHz", \.clockGHz),
      Column("repro", \.repro),
    ])
}
