import Networks

/// One workload of one pair of launches (`pairs.csv`): two programs, or one program twice, that were
/// measured beside each other in fresh processes.
///
/// A verdict is a function of these rows alone.
package struct PairRow: FileRow {
  /// `backend` is that of both sides.
  package var key = WorkloadKey()
  package var role = PairRole.gated
  package var attempt = 0
  package var pair = 0
  package var isHeadFirst = false
  /// The worse one of the two sides.
  package var status = Status.ok
  package var reason = ""
  /// What the head takes relative to the base in neighbouring blocks, the median; nil where no blocks
  /// were neighbours.
  package var ratio: Double?
  package var neighbourCount = 0
  package var base = PairSide()
  package var head = PairSide()
  package var repro = ""

  package init() {}

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
package enum PairRole: String, Sendable, CaseIterable, Codable, FieldValue {
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
  package var contaminatedCount = 0
  package var isSteady = true
  package var code = ""
  package var hostClass = ""

  package init() {}
}

extension WorkloadKey {
  /// Of work that does not depend on any backend.
  package static func sentinel(_ name: String) -> WorkloadKey {
    WorkloadKey(
      runID: "", network: "", layerIndex: -1, layer: name, stage: name, kind: "sentinel",
      direction: .forward, backend: "", isa: "", threads: 0, batch: 0, pass: .isolated, cache: .warm
    )
  }
}

extension Schema where Row == PairRow {
  /// `pairs.csv`: one row per pair of launches and workload.
  package static let pairs = Schema(fileName: "pairs.csv", key: \.key) {
    Column(
      "role", \.role,
      """
      `gated` (base against head), `control` (base against base), `sentinel` (work that does not \
      depend on the code; `layer` names it: `clock` is a chain of additions; in older files \
      `fma <isa>` and `memory` are the roof probes; times are per operation, in any unit)
      """, isRequired: true)
    Column("attempt", \.attempt, "1, or 2 for the second stage", isRequired: true)
    Column("pair", \.pair, "from 0 in each stage", isRequired: true)
    Column("head_first", \.isHeadFirst, "1 when the head's process was started first")
    Column(
      "status", \.status,
      """
      `ok`; `failed` when one side is not as the other; a status that both sides share, as in \
      `workloads.csv`
      """, isRequired: true)
    Column("reason", \.reason, "why it is not `ok`")
    Column(
      "ratio", unit: "1", \.ratio,
      """
      time of the head relative to the base: the median over pairs of neighbouring blocks; empty \
      where none were neighbours, and then the quotient of the two times counts
      """)
    Column("neighbours", \.neighbourCount, "pairs of neighbouring blocks")
    PairSide.columns("base").map { $0.lifted(\.base) }
    PairSide.columns("head").map { $0.lifted(\.head) }
    Column("repro", \.repro, "command that measures this workload alone in pairs")
  }
}

extension PairSide {
  /// - Parameter name: of the side.
  fileprivate static func columns(_ name: String) -> [Column<PairSide>] {
    ColumnList<PairSide>.make {
      Column(
        "\(name)_ns", unit: "ns", \.nanoseconds, "per call of the \(name); empty without a time",
        isRequired: true)
      Column("\(name)_blocks", \.blockCount, "timed blocks")
      Column(
        "\(name)_contaminated", \.contaminatedCount,
        "of those, the ones that something foreign touched")
      Column(
        "\(name)_steady", \.isSteady,
        """
        1 when the workload had reached a steady state before; 0 where nobody looked, as with \
        `--against`, whose first blocks warm up
        """)
      Column(
        "\(name)_code", \.code,
        """
        what names the code: a hash of the program's file, and a slow-down; the same text on both \
        sides is the same code, empty is unknown
        """, isRequired: true)
      Column("\(name)_host_class", \.hostClass, "as in `environment.json`", isRequired: true)
    }
  }
}
