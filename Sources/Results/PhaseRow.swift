/// The time of one phase of a workload (`phases.csv`), from calls of their own that look at the
/// clock at every change of phase.
public struct PhaseRow: Hashable, Sendable {
  public var key: WorkloadKey
  /// `im2col`, `pack`, `gemm`, `input_transform`, `output_transform`, `reorder`, `rest`.
  public var phase: String
  public var callCount: Int
  /// Per call, lower median over the calls.
  public var nanoseconds: Int
  /// Of the sum over the workload's phases.
  public var sharePercent: Double

  public init(
    key: WorkloadKey, phase: String, callCount: Int, nanoseconds: Int, sharePercent: Double
  ) {
    self.key = key
    self.phase = phase
    self.callCount = callCount
    self.nanoseconds = nanoseconds
    self.sharePercent = sharePercent
  }
}

extension Schema where Row == PhaseRow {
  /// `phases.csv`: one row per workload and phase; only there when phases were asked for.
  public static let phases = Schema(
    fileName: "phases.csv",
    blank: PhaseRow(key: .blank, phase: "", callCount: 0, nanoseconds: 0, sharePercent: 0),
    columns: keyColumns.map { $0.lifted(\.key) } + [
      Column("phase", \.phase),
      Column("n_calls", \.callCount),
      Column("ns", unit: "ns", \.nanoseconds),
      Column("share_pct", unit: "%", \.sharePercent),
    ])
}
