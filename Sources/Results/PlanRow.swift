/// A tile that was tried to choose from (`plan.csv`).
///
/// The key names the layer, also for choices made while a net was compiled (`pass` is then `net`).
package struct PlanRow: RunFileRow {
  package static var schema: Schema<PlanRow> { .plan }

  package var key = WorkloadKey()
  package var tile = ""
  package var nanoseconds = 0
  package var isChosen = false

  package init() {}

  package init(key: WorkloadKey, tile: String, nanoseconds: Int, isChosen: Bool) {
    self.key = key
    self.tile = tile
    self.nanoseconds = nanoseconds
    self.isChosen = isChosen
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
  }
}

extension [PlanRow] {
  /// These rows and new ones, which replace those of the same backends under the same conditions.
  package func replaced(by rows: [PlanRow]) -> [PlanRow] {
    func conditions(_ row: PlanRow) -> WorkloadKey { row.key.without(.run, .layer, .stage) }
    let new = Set(rows.map(conditions))
    return filter { !new.contains(conditions($0)) } + rows
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
