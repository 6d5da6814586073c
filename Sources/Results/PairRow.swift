import Networks

/// One workload of one pair of launches (`pairs.csv`): two programs, or one program twice, that were
/// measured beside each other in fresh processes.
///
/// A verdict is a function of these rows alone.
package struct PairRow: Hashable, Sendable {
  /// `backend` is that of both sides.
  package var key: WorkloadKey
  package var role: PairRole
  /// 1, or 2 for pairs that were made to see whether a suspicion is reproduced.
  package var attempt: Int
  /// From 0 in each attempt.
  package var pair: Int
  /// Whether the process of the head was started first.
  package var isHeadFirst: Bool
  /// The worse one of the two sides.
  package var status: Status
  /// Why the status is not `ok`; empty when it is.
  package var reason: String
  package var base: PairSide
  package var head: PairSide
  /// The command that measures this workload alone.
  package var repro: String

  package init(
    key: WorkloadKey, role: PairRole, attempt: Int, pair: Int, isHeadFirst: Bool,
    status: Status = .ok, reason: String = "", base: PairSide = PairSide(),
    head: PairSide = PairSide(), repro: String = ""
  ) {
    self.key = key
    self.role = role
    self.attempt = attempt
    self.pair = pair
    self.isHeadFirst = isHeadFirst
    self.status = status
    self.reason = reason
    self.base = base
    self.head = head
    self.repro = repro
  }
}

/// What a pair is for.
package enum PairRole: String, Sendable, CaseIterable, Codable {
  /// Base against head: what the verdict is about.
  case gated
  /// Base against base.
  case control
  /// Work that does not depend on the code of either side.
  case sentinel
}

/// One side of a pair.
package struct PairSide: Hashable, Sendable {
  /// Per call, lower median over the blocks; nil when nothing was timed.
  package var nanoseconds: Double?
  package var blockCount = 0
  /// Blocks that something foreign touched.
  package var contaminatedCount = 0
  /// The workload had reached a steady state before.
  package var isSteady = true
  /// What names the code: the same text on both sides = the same code. Empty = unknown.
  package var code = ""
  package var hostClass = ""

  package init() {}
}

extension PairRole: FieldValue {}

extension WorkloadKey {
  /// Of work that does not depend on any backend.
  package static func sentinel(_ name: String) -> WorkloadKey {
    WorkloadKey(
      runID: "", network: "", layerIndex: -1, layer: name, stage: name, kind: "sentinel",
      direction: .forward, backend: "", isa: "", threads: 0, batch: 0, pass: .isolated, cache: .warm)
  }
}

extension Schema where Row == PairRow {
  /// `pairs.csv`: one row per pair of launches and workload.
  package static let pairs = Schema(
    fileName: "pairs.csv",
    blank: PairRow(key: .blank, role: .gated, attempt: 0, pair: 0, isHeadFirst: false),
    columns: keyColumns.map { $0.lifted(\.key) } + [
      Column("role", \.role),
      Column("attempt", \.attempt),
      Column("pair", \.pair),
      Column("head_first", \.isHeadFirst),
      Column("status", \.status),
      Column("reason", \.reason),
    ] + sideColumns("base", \.base) + sideColumns("head", \.head) + [
      Column("repro", \.repro)
    ])

  private static func sideColumns(
    _ name: String, _ path: WritableKeyPath<PairRow, PairSide> & Sendable
  ) -> [Column<PairRow>] {
    let columns: [Column<PairSide>] = [
      Column("\(name)_ns", unit: "ns", \.nanoseconds),
      Column("\(name)_blocks", \.blockCount),
      Column("\(name)_contaminated", \.contaminatedCount),
      Column("\(name)_steady", \.isSteady),
      Column("\(name)_code", \.code),
      Column("\(name)_host_class", \.hostClass),
    ]
    return columns.map { $0.lifted(path) }
  }
}
