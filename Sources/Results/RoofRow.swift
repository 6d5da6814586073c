/// What a roof bounds.
package enum RoofKind: String, Sendable, CaseIterable, Codable, FieldValue {
  /// Multiply-adds.
  case compute
  /// Reading from a level of memory.
  case read

  /// Unit of the roof's value: operations or bytes per nanosecond.
  package var unit: String {
    switch self {
    case .compute: "GFLOP/s"
    case .read: "GB/s"
    }
  }
}

/// What was probed: the arithmetic, or a level of memory.
package enum RoofLevel: String, Sendable, CaseIterable, Codable, FieldValue {
  case multiplyAdd = "fma"
  case level1 = "L1"
  case level2 = "L2"
  case level3 = "L3"
  case memory

  package var kind: RoofKind { self == .multiplyAdd ? .compute : .read }
}

/// A rate that nothing on this machine exceeds with so many threads (`roofs.csv`): what was seen in
/// all probes of a run.
package struct RoofRow: RunFileRow {
  package static var schema: Schema<RoofRow> { .roofs }

  package var runID = ""
  package var kind = RoofKind.read
  package var isa = ""
  package var threads = 0
  package var level = RoofLevel.memory
  package var value = 0.0
  package var median = 0.0
  package var probeCount = 0
  package var workingSetBytes: Int?
  package var capacityBytes: Int?
  package var loop = ""

  package init() {}

  package init(
    runID: String, level: RoofLevel, isa: String, threads: Int, value: Double, median: Double,
    probeCount: Int, workingSetBytes: Int? = nil, capacityBytes: Int? = nil, loop: String = ""
  ) {
    self.runID = runID
    kind = level.kind
    self.isa = isa
    self.threads = threads
    self.level = level
    self.value = value
    self.median = median
    self.probeCount = probeCount
    self.workingSetBytes = workingSetBytes
    self.capacityBytes = capacityBytes
    self.loop = loop
  }
}

extension Schema where Row == RoofRow {
  /// `roofs.csv`: one row per roof; most of the key columns are empty.
  package static let roofs = Schema(
    fileName: "roofs.csv",
    keys: {
      Column("run_id", \.runID, isRequired: true)
      Column("kind", \.kind, isRequired: true)
      Column("isa", \.isa, isRequired: true)
      Column("threads", \.threads, isRequired: true)
    },
    columns: {
      Column(
        "level", \.level, "`fma` for `compute`; `L1`, `L2`, `L3`, `memory` for `read`",
        isRequired: true)
      Column(
        "value", \.value, "the largest rate that was seen in the run: the roof",
        isRequired: true)
      unitColumn
      Column("median", \.median, "of all probes")
      Column("n_probes", \.probeCount, "how many")
      Column(
        "working_set_bytes", unit: "bytes", \.workingSetBytes,
        "what one probe reads, all threads together; empty for `compute`")
      Column(
        "capacity_bytes", unit: "bytes", \.capacityBytes,
        """
        what the caches of this level that these threads reach hold together; empty for `compute` \
        and `memory`
        """)
      Column(
        "loop", \.loop,
        """
        how the kernel of `isa` read, the fastest way that was found: parts of the set that are read \
        side by side, how far ahead lines are asked for, and of memory the size of its pages; empty \
        for `compute`, and in runs from before there was a choice
        """)
    })

  /// Follows from the kind; a file that says something else is corrupt.
  private static var unitColumn: Column<RoofRow> {
    var column = Column<RoofRow>("unit") { $0.kind.unit }
    column.meaning =
      "of `value` and `median`: `GFLOP/s` for `compute`, a multiply-add counting as two; `GB/s` for "
      + "`read`"
    column.mayBeEmpty = false
    column.read = { row, field in field == row.kind.unit }
    return column
  }
}
