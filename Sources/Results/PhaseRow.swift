/// The time of one phase of a workload (`phases.csv`), from calls of their own that look at the
/// clock at every change of phase.
package struct PhaseRow: Hashable, Sendable {
  package var key: WorkloadKey
  /// `im2col`, `pack`, `gemm`, `input_transform`, `output_transform`, `reorder`, `rest`.
  package var phase: String
  package var callCount: Int
  /// Per call, lower median over the calls.
  package var nanoseconds: Int
  /// Of the sum over the workload's phases.
  package var sharePercent: Double

  package init(
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
  package static let phases = Schema(
    fileName: "phases.csv",
    blank: PhaseRow(key: .blank, phase: "", callCount: 0, nanoseconds: 0, sharePercent: 0),
    columns: keyColumns.map { $0.lifted(\.key) } + [
      Column("phase", \.phase),
      Column("n_calls", \.callCount),
      Column("ns", unit: "ns", \.nanoseconds),
      Column("share_pct", unit: "%", \.sharePercent),
    ])
}
