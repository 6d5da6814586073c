/// What a roof bounds.
package enum RoofKind: String, Sendable, CaseIterable, Codable {
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
package enum RoofLevel: String, Sendable, CaseIterable, Codable {
  case multiplyAdd = "fma"
  case level1 = "L1"
  case level2 = "L2"
  case level3 = "L3"
  case memory

  package var kind: RoofKind { self == .multiplyAdd ? .compute : .read }
}

/// A rate that nothing on this machine exceeds with so many threads (`roofs.csv`): what was seen in
/// all probes of a run.
package struct RoofRow: Hashable, Sendable {
  package var runID: String
  package var kind: RoofKind
  /// Instruction set of the kernel that probed.
  package var isa: String
  package var threads: Int
  package var level: RoofLevel
  /// The largest rate seen, in the unit of the kind.
  package var value: Double
  package var median: Double
  package var probeCount: Int
  /// Bytes that all threads together read; nil for arithmetic.
  package var workingSetBytes: Int?
  /// What the caches of this level that the threads reach hold together; nil for arithmetic and
  /// memory.
  package var capacityBytes: Int?

  package init(
    runID: String, level: RoofLevel, isa: String, threads: Int, value: Double, median: Double,
    probeCount: Int, workingSetBytes: Int? = nil, capacityBytes: Int? = nil
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
  }
}

extension RoofKind: FieldValue {}
extension RoofLevel: FieldValue {}

extension Schema where Row == RoofRow {
  /// `roofs.csv`: one row per roof; most of the key columns are empty.
  package static let roofs = Schema(
    fileName: "roofs.csv",
    blank: RoofRow(
      runID: "", level: .memory, isa: "", threads: 0, value: 0, median: 0, probeCount: 0),
    columns: [
      Column("run_id", \.runID),
      .alwaysEmpty("network"),
      .alwaysEmpty("layer_index"),
      .alwaysEmpty("layer"),
      .alwaysEmpty("stage"),
      Column("kind", \.kind),
      .alwaysEmpty("direction"),
      .alwaysEmpty("backend"),
      Column("isa", \.isa),
      Column("threads", \.threads),
      .alwaysEmpty("batch"),
      .alwaysEmpty("pass"),
      .alwaysEmpty("cache"),
      Column("level", \.level),
      Column("value", \.value),
      unitColumn,
      Column("median", \.median),
      Column("n_probes", \.probeCount),
      Column("working_set_bytes", unit: "bytes", \.workingSetBytes),
      Column("capacity_bytes", unit: "bytes", \.capacityBytes),
    ])

  /// Follows from the kind; a file that says something else is corrupt.
  private static var unitColumn: Column<RoofRow> {
    var column = Column<RoofRow>("unit") { $0.kind.unit }
    column.read = { row, field in field == row.kind.unit }
    return column
  }
}
