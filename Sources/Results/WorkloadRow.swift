import Networks

/// Facts about a workload that are not in the samples (`workloads.csv`).
package struct WorkloadRow: RunFileRow {
  package static var schema: Schema<WorkloadRow> { .workloads }

  package var key = WorkloadKey()
  package var status = Status.ok
  package var reason = ""
  package var facts = WorkloadFacts()
  package var check = CheckFacts()
  package var repro = ""
  /// Whether the row's file has a column for what was executed; those of earlier versions do not.
  package private(set) var hasExecutedColumn = true

  package init() {}

  package init(
    key: WorkloadKey, status: Status, reason: String = "", facts: WorkloadFacts = WorkloadFacts(),
    check: CheckFacts = CheckFacts(), repro: String = ""
  ) {
    self.key = key
    self.status = status
    self.reason = reason
    self.facts = facts
    self.check = check
    self.repro = repro
  }
}

/// What a prepared workload says of itself. Nil = not measured.
package struct WorkloadFacts: Hashable, Sendable, Codable {
  package var implementation = ""
  /// Of a net the least precise of its layers.
  package var precision = Precision.single
  package var kernelID = ""
  package var layout = ""
  package var tile = ""
  package var delegatedTo = ""
  package var firstNanoseconds: Int?
  package var prepareNanoseconds: Int?
  /// What a use in NCHW would pay before and after.
  package var reorderInNanoseconds: Int?
  package var reorderOutNanoseconds: Int?
  package var workspaceBytes: Int?
  package var weightBytes: Int?
  package var peakRSSBytes: Int?
  /// Floating-point operations of one call, as the backend counts those of the method that ran; of a
  /// net those of all steps. Nil when it does not say.
  package var executedFLOPs: Int?
  /// Bytes that the method reads and writes in one call, likewise.
  package var executedBytes: Int?

  package init() {}

  /// Only the name of what runs must be there.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func text(_ key: CodingKeys) throws -> String {
      try values.decodeIfPresent(String.self, forKey: key) ?? ""
    }
    func number(_ key: CodingKeys) throws -> Int? {
      try values.decodeIfPresent(Int.self, forKey: key)
    }
    implementation = try values.decode(String.self, forKey: .implementation)
    precision = try values.decodeIfPresent(Precision.self, forKey: .precision) ?? .single
    kernelID = try text(.kernelID)
    layout = try text(.layout)
    tile = try text(.tile)
    delegatedTo = try text(.delegatedTo)
    firstNanoseconds = try number(.firstNanoseconds)
    prepareNanoseconds = try number(.prepareNanoseconds)
    reorderInNanoseconds = try number(.reorderInNanoseconds)
    reorderOutNanoseconds = try number(.reorderOutNanoseconds)
    workspaceBytes = try number(.workspaceBytes)
    weightBytes = try number(.weightBytes)
    peakRSSBytes = try number(.peakRSSBytes)
    executedFLOPs = try number(.executedFLOPs)
    executedBytes = try number(.executedBytes)
  }

  /// Stands in an implementation whose times are longer on purpose, before how much.
  package static let handicapMark = "+handicap"

  /// How much longer its times are on purpose, for example `15%`; nil when they are not.
  package var handicap: String? {
    implementation.range(of: Self.handicapMark).map { String(implementation[$0.upperBound...]) }
  }
}

/// The comparison with the float64 reference.
package struct CheckFacts: Hashable, Sendable, Codable {
  package var maxAbsError: Double?
  package var nrmse: Double?
  /// The bound on the error at the output where error ∕ bound is largest; for nets the limit on
  /// nrmse.
  package var errorBound: Double?

  package init(maxAbsError: Double? = nil, nrmse: Double? = nil, errorBound: Double? = nil) {
    self.maxAbsError = maxAbsError
    self.nrmse = nrmse
    self.errorBound = errorBound
  }
}

extension WorkloadRow {
  /// The facts of `workloads.csv`, which `summary.csv` repeats.
  static let factColumns = ColumnList<WorkloadRow>.make {
    Column(
      "status", \.status,
      """
      `ok`, `failed`, `mistrusted`, `skipped`, `unsupported`, `unavailable`, `fused`, `elided`
      """, isRequired: true)
    Column("reason", \.reason, "why the status is not `ok`")
    Column(
      "implementation", \.facts.implementation,
      """
      what really ran: `<precision>-<op>-<method>-<tile>-<isa or library>`; of `onednn` \
      `f32-<op>-onednn-<primitive>` with the library's own name of the primitive, for example \
      `f32-conv-onednn-brgconv:avx512_core`; with `+handicap15%` at the end when `--slow-down` made \
      its times that much longer on purpose, of a net `+handicap(conv3=15%)` for the layer's part \
      of it
      """)
    Column(
      "precision", \.facts.precision,
      """
      how weights are kept: `f32`, or `w16` (16 bits, with float32 inputs, outputs and sums; of a net, \
      in any layer); the fastest is named among rows of one precision
      """)
    Column(
      "kernel_id", \.facts.kernelID,
      """
      library, version and the kernel it chose here, and the number of threads where it computes on \
      another than was asked for; own kernels: the instruction set
      """)
    Column(
      "layout", \.facts.layout,
      """
      memory layout of the layer's operands: `nchw`, `nhwc`, or channels in blocks as in `nChw16c`
      """)
    Column(
      "tile", \.facts.tile, "tile or split, where one was chosen; of a net every layer's")
    Column(
      "delegated_to", \.facts.delegatedTo,
      """
      backend that the layer was handed to, or `plain` for the row-major code that the im2col \
      backends share; such a row is never named best
      """)
    Column("first_ns", unit: "ns", \.facts.firstNanoseconds, "the first call")
    Column(
      "prepare_ns", unit: "ns", \.facts.prepareNanoseconds,
      "compiling: packing, transforming weights, choosing tiles")
    Column(
      "reorder_in_ns", unit: "ns", \.facts.reorderInNanoseconds,
      "what a use in NCHW would pay before")
    Column("reorder_out_ns", unit: "ns", \.facts.reorderOutNanoseconds, "and after")
    Column("workspace_bytes", unit: "bytes", \.facts.workspaceBytes, "scratch memory")
    Column("weight_bytes", unit: "bytes", \.facts.weightBytes, "packed or transformed weights")
    Column(
      "peak_rss_bytes", unit: "bytes", \.facts.peakRSSBytes,
      """
      largest resident size of the process so far, other backends and the buffer of the roof \
      probes included
      """)
    Column(
      "executed_flops", unit: "FLOP", \.facts.executedFLOPs,
      """
      floating-point operations of one call, as the backend counts those of the method that ran, \
      transforms and padding included; of a net those of all steps; empty when the backend does not \
      say
      """, whenMissing: { $0.hasExecutedColumn = false })
    Column(
      "executed_bytes", unit: "bytes", \.facts.executedBytes,
      "bytes that the method reads and writes in one call, likewise")
    Column(
      "max_abs_err", \.check.maxAbsError, "largest distance from the float64 reference")
    Column(
      "nrmse", \.check.nrmse,
      "root-mean-square error over the root-mean-square of the reference")
    Column(
      "err_bound", \.check.errorBound,
      "bound on the error where error ∕ bound is largest; for the net the limit on `nrmse`")
    Column("repro", \.repro, "command that measures this row alone")
  }
}

extension Schema where Row == WorkloadRow {
  /// `workloads.csv`: one row per workload and backend, facts that are not in the samples.
  package static let workloads = Schema(fileName: "workloads.csv", key: \.key) {
    WorkloadRow.factColumns
  }
}
