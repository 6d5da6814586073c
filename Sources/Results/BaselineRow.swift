/// One workload in one launch of a run that was kept to compare with
/// (`baselines/<host-class>/<name>.csv`).
public struct BaselineRow: Hashable, Sendable {
  public var key: WorkloadKey
  /// From 0.
  public var launch: Int
  /// Per call, lower median over the blocks of the launch.
  public var nanoseconds: Double
  public var blockCount: Int
  public var contaminatedCount: Int
  public var isSteady: Bool
  /// Median of the clock rates beside the blocks.
  public var clockGHz: Double
  /// The command that measures this workload alone.
  public var repro: String

  public init(
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
  public static let baseline = Schema(
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
