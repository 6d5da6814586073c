import Networks
import OrderedCollections
import Results

/// A backend in a plot, with the same colour and shape in all plots of a run.
struct Series: Hashable {
  var backend: String
  /// Empty where the backend has one result per workload.
  var isa: String
  /// Place in the order of the run.
  var index: Int

  var label: String { isa.isEmpty ? backend : "\(backend) \(isa)" }
  var color: String { Style.color(index) }
  var point: Int { Style.point(index) }
  var mark: Sheet.Mark { .point(point, color: color) }
}

extension GroupKey {
  /// For a file's name.
  var name: String {
    GnuplotText.fileName("\(network)-b\(batch)-t\(threads)")
      + (direction == .forward ? "" : "-\(direction.rawValue)")
      + (cache == .warm ? "" : "-\(cache.rawValue)")
  }
}

/// A layer of a group, in the order of the network, the net last.
struct LayerKey: Hashable, Comparable {
  var index: Int
  var name: String

  init(_ key: WorkloadKey) {
    index = key.layerIndex
    name = key.layer
  }

  private var order: (Int, String) { (index < 0 ? .max : index, name) }
  static func < (a: LayerKey, b: LayerKey) -> Bool { a.order < b.order }
}

/// A run's files as plots look at them.
struct RunView {
  let files: RunFiles
  let series: [Series]
  private let seriesOfBackend: [String: [String: Series]]
  private let samples: [WorkloadKey: [SampleRow]]
  let summary: [WorkloadKey: SummaryRow]
  private let layers: [String: LayerRow]

  init(_ files: RunFiles) {
    self.files = files
    samples = Dictionary(grouping: files.samples, by: \.key)
    summary = Dictionary(files.summary.map { ($0.key, $0) }, uniquingKeysWith: { a, _ in a })
    layers = Dictionary(
      files.layers.map { (Self.geometry($0.network, $0.layer, $0.batch), $0) },
      uniquingKeysWith: { a, _ in a })

    // A library may name another instruction set for each layer; that is still one series. Several
    // results of one workload are several.
    var isasOfWorkload: [WorkloadKey: Set<String>] = [:]
    for row in files.summary {
      isasOfWorkload[row.key.without(.isa), default: []].insert(row.key.isa)
    }
    let divided = Set(isasOfWorkload.filter { $0.value.count > 1 }.keys.map(\.backend))
    var known: [String: [String: Series]] = [:]
    var order: [Series] = []
    for row in files.summary {
      let isa = divided.contains(row.key.backend) ? row.key.isa : ""
      guard known[row.key.backend]?[isa] == nil else { continue }
      let series = Series(backend: row.key.backend, isa: isa, index: order.count)
      known[row.key.backend, default: [:]][isa] = series
      order.append(series)
    }
    series = order
    seriesOfBackend = known
  }

  func series(of key: WorkloadKey) -> Series {
    let own = seriesOfBackend[key.backend] ?? [:]
    return own[""] ?? own[key.isa] ?? Series(backend: key.backend, isa: key.isa, index: 0)
  }

  /// Blocks in the order of time.
  func samples(of key: WorkloadKey) -> [SampleRow] { samples[key] ?? [] }

  private static func geometry(_ network: String, _ layer: String, _ batch: Int) -> String {
    "\(network)\n\(layer)\n\(batch)"
  }

  func layer(of key: WorkloadKey) -> LayerRow? {
    layers[Self.geometry(key.network, key.layer, key.batch)]
  }

  /// The groups of the rows, in their order.
  static func groups<Row>(
    _ rows: [Row], _ key: (Row) -> WorkloadKey
  ) -> [(key: GroupKey, rows: [Row])] {
    OrderedDictionary(grouping: rows) { GroupKey(key($0)) }.map { ($0, $1) }
  }

  /// Rows with a time, of layers alone and of nets, by what they have in common.
  var timedGroups: [(key: GroupKey, rows: [SummaryRow])] {
    Self.groups(
      files.summary.filter { $0.key.pass != .inNet && ($0.time.median ?? 0).isPositiveFinite },
      \.key)
  }

  /// The series of rows, in the order of the run.
  func series<Row>(in rows: [Row], _ key: (Row) -> WorkloadKey) -> [Series] {
    Set(rows.map { series(of: key($0)) }).sorted { $0.index < $1.index }
  }

  /// Host and commit and run, for captions.
  var source: String {
    let host = files.environment.host
    let build = files.environment.build
    var name = host.cpu.brand ?? host.cpu.vendor ?? host.cpu.architecture
    if let family = host.cpu.family, let model = host.cpu.model {
      name += " (family \(family) model \(model))"
    }
    if let count = host.cpu.logicalCount { name += ", \(count) CPUs" }
    if host.isVirtual == true { name += ", virtual machine" }
    if let system = host.operatingSystem { name += ", \(system)" }
    var commit = "unknown commit"
    if let hash = build.gitCommit {
      commit =
        "commit \(hash.prefix(10))"
        + (build.gitIsDirty == true ? " with changes that are not in it" : "")
    }
    return "\(name) · \(commit) · run \(files.environment.runID)."
  }
}

/// The layers of rows in the order of the network, the net last.
func layers<Row>(of rows: [Row], _ key: (Row) -> WorkloadKey) -> [LayerKey] {
  Set(rows.map { LayerKey(key($0)) }).sorted()
}

/// The place of each element, from 1.
func places<Element: Hashable>(of elements: [Element]) -> [Element: Int] {
  Dictionary(uniqueKeysWithValues: zip(elements, 1...))
}

/// At most `limit` elements, evenly spread, first and last among them.
func thinned<Element>(_ elements: [Element], to limit: Int) -> [Element] {
  guard elements.count > limit, limit > 1 else { return Array(elements.prefix(max(limit, 0))) }
  return (0..<limit).map { elements[$0 * (elements.count - 1) / (limit - 1)] }
}

/// The layers with the largest weights, in their own order.
func largest<Key: Hashable & Comparable>(
  _ keys: [Key], limit: Int, _ weight: (Key) -> Double
) -> [Key] {
  guard keys.count > limit else { return keys }
  return Array(keys.sorted { weight($0) > weight($1) }.prefix(limit)).sorted()
}
