import OrderedCollections
import Results

/// A section for each layer of each network: all rows of the files on it.
struct LayerSections {
  private struct Place: Hashable {
    var network: String
    var layer: String
    init(_ key: WorkloadKey) {
      network = key.network
      layer = key.layer
    }
  }

  let nodes: [ReportNode]

  init(_ files: RunFiles, _ comparison: BackendComparison) {
    let summary = numbered(files.summary) { Place($0.key) }
    let compare = numbered(comparison.rows) { Place($0.key) }
    let phases = numbered(files.phases) { Place($0.key) }
    let counters = numbered(files.counters) { Place($0.key) }
    let geometry = Dictionary(grouping: files.layers) { GeometryKey($0) }
    let winners = Set(comparison.winners)
    nodes = Self.order(files, comparison).enumerated().map { index, place in
      let rows = summary[place] ?? []
      let pairs = compare[place] ?? []
      let ownPhases = phases[place] ?? []
      let ownCounters = (counters[place] ?? []).filter { $0.row.perCall != nil }
      let timed = rows.filter { $0.row.time.median != nil }
      let sentences = Self.sentences(
        timed.map(\.row), phases: ownPhases.map(\.row), counters: ownCounters.map(\.row), files)
      return ReportNode([
        "id": "layer-\(index + 1)",
        "title": "\(place.network) \(place.layer)",
        "geometry": Self.geometry(rows.map(\.row), geometry),
        "hasRows": !rows.isEmpty,
        "times": ReportTable(
          fileName: Schema.summary.fileName, columns: ReportLayout.summary, rows: rows
        ).node { winners.contains(Winner(of: $0.key)) },
        "hasPairs": !pairs.isEmpty,
        "pairs": ReportTable(
          fileName: Schema.compare.fileName, columns: ReportLayout.compare, rows: pairs
        ).node { row in
          winners.contains(Winner(key: row.key, backend: row.contender, isa: row.contenderISA))
        },
        "hasPhases": !ownPhases.isEmpty,
        "phases": ReportTable(
          fileName: Schema.phases.fileName, columns: ReportLayout.phases, rows: ownPhases
        ).node(),
        "hasCounters": !ownCounters.isEmpty,
        "counters": ReportTable(
          fileName: Schema.counters.fileName, columns: ReportLayout.counters, rows: ownCounters
        ).node(),
        "sentences": sentences,
        "hasSentences": !sentences.isEmpty,
        "commands": Self.unique(rows.map(\.row.workload.repro).filter { !$0.isEmpty }),
      ])
    }
  }

  /// Networks as they come, in each the net first, then the layers in its order.
  private static func order(_ files: RunFiles, _ comparison: BackendComparison) -> [Place] {
    let keys = files.summary.map(\.key) + comparison.rows.map(\.key)
    let places = OrderedDictionary(grouping: keys, by: Place.init)
    return OrderedDictionary(grouping: places, by: \.key.network).values.flatMap { places in
      // Stable: layers of one index stay in their order.
      places.sorted { $0.value.map(\.layerIndex).min()! < $1.value.map(\.layerIndex).min()! }
    }.map(\.key)
  }

  private static func geometry(_ rows: [SummaryRow], _ layers: [GeometryKey: [LayerRow]])
    -> [String]
  {
    unique(
      rows.compactMap { layers[GeometryKey($0.key)]?.first }.map {
        "batch \($0.batch): " + Explanation.geometry($0)
      })
  }

  /// What holds each backend up in a layer measured alone.
  private static func sentences(
    _ rows: [SummaryRow], phases: [PhaseRow], counters: [CounterRow], _ files: RunFiles
  ) -> [String] {
    var own = files
    own.phases = phases
    own.counters = counters
    return unique(
      rows.filter { $0.key.pass == .isolated }.map { row in
        let setting =
          "batch \(row.key.batch), \(count(row.key.threads, "thread"))"
          + (row.key.cache == .warm ? "" : ", \(row.key.cache.rawValue)")
        return "\(setting): \(Bottleneck.sentence(row, files: own, among: rows))"
      })
  }

  private static func unique(_ texts: [String]) -> [String] {
    Array(OrderedSet(texts))
  }
}
