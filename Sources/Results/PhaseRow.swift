/// The time of one phase of a workload (`phases.csv`), from calls of their own that look at the
/// clock at every change of phase.
package struct PhaseRow: RunFileRow {
  package static var schema: Schema<PhaseRow> { .phases }

  package var key = WorkloadKey()
  package var phase = ""
  package var callCount = 0
  package var nanoseconds = 0
  package var sharePercent = 0.0

  package init() {}

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
  package static let phases = Schema(fileName: "phases.csv", key: \.key) {
    Column(
      "phase", \.phase,
      """
      `im2col`, `pack` (operands into the order in which a product reads them, stride phases), \
      `gemm` (the multiply-adds, whatever loop they stand in), `input_transform`, \
      `output_transform` (Winograd), `reorder` (a change of layout between steps), `rest` \
      (everything else: activation, pooling, normalisation, softmax)
      """, isRequired: true)
    Column("n_calls", \.callCount, "calls")
    Column(
      "ns", unit: "ns", \.nanoseconds, "per call, lower median over the calls", isRequired: true)
    Column(
      "share_pct", unit: "%", \.sharePercent, "of the sum over the workload's phases",
      isRequired: true)
  }
}
