/// A tile that was tried to choose from (`plan.csv`).
///
/// The key names the layer, also for choices made while a net was compiled (`pass` is then `net`).
package struct PlanRow: RunFileRow {
  package static var schema: Schema<PlanRow> { .plan }

  package var key = WorkloadKey()
  package var tile = ""
  package var nanoseconds = 0
  package var isChosen = false
  package var origin = PlanOrigin()

  package init() {}

  package init(
    key: WorkloadKey, tile: String, nanoseconds: Int, isChosen: Bool, origin: PlanOrigin
  ) {
    self.key = key
    self.tile = tile
    self.nanoseconds = nanoseconds
    self.isChosen = isChosen
    self.origin = origin
  }
}

/// Where a choice was made, and for what; empty where a plan of an earlier version does not say.
package struct PlanOrigin: Hashable, Sendable {
  /// As in `environment.json`.
  package var hostClass = ""
  /// `build.executable` in `environment.json`.
  package var program = ""
  /// `inputs.….graph` in `environment.json`.
  package var graph = ""

  package init() {}

  package init(hostClass: String, program: String, graph: String) {
    self.hostClass = hostClass
    self.program = program
    self.graph = graph
  }
}

extension Schema where Row == PlanRow {
  /// `plan.csv`: one row per layer and tile tried; only there when something was chosen by
  /// measuring.
  package static let plan = Schema(fileName: "plan.csv", key: \.key) {
    Column(
      "tile", \.tile,
      """
      outputs per side of a Winograd tile, or `direct` for the direct kernels; of `onednn` a \
      primitive and the layout it reads, `brgconv:avx512_core@nhwc` – in nets timed with the \
      changes of layout it brings about and, for convolutions, the layers of its stage; of `auto` a \
      backend, or with a colon and its own tile behind it `winograd:4`, \
      `onednn:brgconv:avx512_core@nhwc`
      """, isRequired: true)
    Column(
      "ns", unit: "ns", \.nanoseconds,
      """
      fastest call while choosing: of the batch; of one image in a stage that runs image by image; \
      of a thread's share where threads divide the images; of `auto` the median of a forward of the \
      whole net: in chosen rows of the net as planned, in others of the one in which this stage was \
      computed so
      """, isRequired: true)
    Column("chosen", \.isChosen, "1 for the tile that the backend took", isRequired: true)
    Column(
      "host_class", \.origin.hostClass, "where it was chosen, as in `environment.json`")
    Column("program", \.origin.program, "that chose: the hash of its file")
    Column(
      "graph", \.origin.graph,
      "for what: the hash of the network's graph, as under `inputs` in `environment.json`")
  }
}

extension [PlanRow] {
  /// These rows and new ones, which replace those of the same backends under the same conditions on
  /// the same class of hosts, and those that do not say where they are from.
  package func replaced(by rows: [PlanRow]) -> [PlanRow] {
    let new = Set(rows.map { Conditions($0, isOfHost: true) })
    let anywhere = Set(rows.map { Conditions($0) })
    return filter { row in
      row.origin.hostClass.isEmpty
        ? !anywhere.contains(Conditions(row)) : !new.contains(Conditions(row, isOfHost: true))
    } + rows
  }

  /// These rows without those of other hosts where there are rows of this class of hosts.
  package func preferring(hostClass: String) -> [PlanRow] {
    let own = Set(filter { $0.origin.hostClass == hostClass }.map { Conditions($0) })
    return filter { $0.origin.hostClass == hostClass || !own.contains(Conditions($0)) }
  }

  /// What a net was tuned for.
  private struct Conditions: Hashable {
    var key: WorkloadKey
    var hostClass: String?

    init(_ row: PlanRow, isOfHost: Bool = false) {
      key = row.key.without(.run, .layer, .stage)
      hostClass = isOfHost ? row.origin.hostClass : nil
    }
  }

  /// The tiles chosen under the same conditions as `key`, by layer; of a layer alone or of the
  /// layers of a net, in whatever run.
  package func tiles(for key: WorkloadKey) -> [String: String] {
    var tiles: [String: String] = [:]
    for row in self
    where row.isChosen && row.key.network == key.network
      && row.key.direction == key.direction && row.key.backend == key.backend
      && row.key.isa == key.isa && row.key.threads == key.threads && row.key.batch == key.batch
      && row.key.pass == key.pass && row.key.cache == key.cache
      && (key.layerIndex < 0 || key.layer == row.key.layer)
    {
      tiles[row.key.layer] = row.tile
    }
    return tiles
  }
}
