import Networks
import OrderedCollections
import Results

/// What one table or plot is about: workloads that differ in layer and backend only.
struct GroupKey: Hashable, Sendable {
  var network: String
  var batch: Int
  var threads: Int
  var direction: Direction
  var cache: CacheMode

  init(_ key: WorkloadKey) {
    network = key.network
    batch = key.batch
    threads = key.threads
    direction = key.direction
    cache = key.cache
  }

  var title: String {
    let unusual =
      (direction == .forward ? "" : ", \(direction.rawValue)")
      + (cache == .warm ? "" : ", \(cache.rawValue) caches")
    return "\(network), batch \(batch), \(count(threads, "thread"))\(unusual)"
  }
}

/// One table: layers down, backends across.
struct TableGroup: Sendable {
  struct ColumnKey: Hashable {
    var backend: String
    /// Empty when the backend has one column.
    var isa: String
  }

  struct LineKey: Hashable {
    var index: Int
    var layer: String
  }

  let key: GroupKey
  let rows: [SummaryRow]
  let columns: [ColumnKey]
  /// Layers in the network's order, the net last.
  let lines: [LineKey]

  /// Layers alone and full nets by table; layers inside the net are left out.
  static func all(_ summary: [SummaryRow]) -> [TableGroup] {
    let shown = summary.filter { $0.key.pass == .isolated || $0.key.layerIndex < 0 }
    return OrderedDictionary(grouping: shown) { GroupKey($0.key) }.map { TableGroup($0, $1) }
  }

  private init(_ key: GroupKey, _ rows: [SummaryRow]) {
    self.key = key
    self.rows = rows
    let lines = OrderedSet(rows.map { LineKey(index: $0.key.layerIndex, layer: $0.key.layer) })
    self.lines =
      lines.filter { $0.index >= 0 }.sorted { $0.index < $1.index } + lines.filter { $0.index < 0 }
    columns = OrderedDictionary(grouping: rows, by: \.key.backend).flatMap { backend, own in
      // A layer with several rows of one backend was run with several instruction sets.
      let layers = Dictionary(grouping: own, by: \.key.layer).sorted { $0.key < $1.key }
      let isas = OrderedSet(layers.map(\.value).filter { $0.count > 1 }.joined().map(\.key.isa))
      return isas.isEmpty
        ? [ColumnKey(backend: backend, isa: "")]
        : isas.map { ColumnKey(backend: backend, isa: $0) }
    }
  }

  /// The row of a layer in a column. One that names an instruction set without a column of its
  /// own (an elided layer has none) stands in all columns of its backend.
  func row(_ line: LineKey, _ column: ColumnKey) -> SummaryRow? {
    let own = rows.filter {
      $0.key.backend == column.backend && $0.key.layer == line.layer
        && $0.key.layerIndex == line.index
    }
    return own.first { $0.key.isa == column.isa } ?? (own.count == 1 ? own[0] : nil)
  }

  /// Positions of the fastest of a line, one for each precision; none where fewer than two can be
  /// compared.
  /// - Parameter winners: what may be named; nil = the least median.
  func best(of line: LineKey, _ winners: Set<Winner>?) -> Set<Int> {
    let shown = columns.enumerated().compactMap { index, column in
      row(line, column).map { (index: index, row: $0) }
    }
    if let winners {
      return Set(shown.filter { winners.contains(Winner(of: $0.row.key)) }.map(\.index))
    }
    let timed = shown.filter { !$0.row.isDelegated && $0.row.time.median != nil }
    let precisions = Dictionary(grouping: timed, by: \.row.workload.facts.precision)
    return Set(
      precisions.values.filter { $0.count > 1 }.compactMap { rivals in
        rivals.min { ($0.row.time.median ?? 0) < ($1.row.time.median ?? 0) }?.index
      })
  }

  /// How well the steps inside the nets add up to them; nil where they were not timed.
  var reconciliation: String? {
    let texts = columns.compactMap { column -> String? in
      guard let line = lines.last, line.index < 0, let row = row(line, column),
        let percent = row.net.reconcilePercent
      else { return nil }
      let name = [column.backend, column.isa].filter { !$0.isEmpty }.joined(separator: " ")
      return "\(NumberText.difference(percent))\(fixedBlank)%\(fixedBlank)(\(name))"
    }
    guard !texts.isEmpty else { return nil }
    return "the steps inside the net, timed one by one, add up to the net with "
      + texts.joined(separator: ", ")
  }

  func hasBest(_ winners: Set<Winner>?) -> Bool {
    lines.contains { !best(of: $0, winners).isEmpty }
  }

  func grid(
    _ content: CellContent, isRoomy: Bool, _ counters: CounterCells, _ winners: Set<Winner>?,
    _ notes: inout Footnotes
  ) -> Grid {
    let units = "ms \(content.header)"
    var header = [[""] + columns.map(\.backend)]
    if columns.contains(where: { !$0.isa.isEmpty }) { header.append([""] + columns.map(\.isa)) }
    header.append(["layer"] + columns.map { _ in units })
    var grid = Grid(header: header, rows: [], marksBest: true)
    for line in lines {
      if line.index < 0 { grid.separators.insert(grid.rows.count) }
      let best = best(of: line, winners)
      var cells: [Grid.Cell] = []
      for (index, column) in columns.enumerated() {
        guard let row = row(line, column) else {
          cells.append(Grid.Cell([""]))
          continue
        }
        let parts = parts(of: row, content, isRoomy: isRoomy, counters, &notes)
        cells.append(Grid.Cell(parts, isBest: best.contains(index)))
      }
      grid.rows.append([Grid.Cell([line.layer])] + cells)
      if line.index < 0 {
        grid.rows.append(
          [Grid.Cell(["images/s"])]
            + columns.map { Grid.Cell([imagesPerSecond(row(line, $0))]) })
      }
    }
    return grid
  }

  /// Time and what stands beside it, or why there is none.
  private func parts(
    of row: SummaryRow, _ content: CellContent, isRoomy: Bool, _ counters: CounterCells,
    _ notes: inout Footnotes
  ) -> [String] {
    guard row.workload.status == .ok else {
      return [row.workload.status.rawValue + notes.mark(row.workload.reason)]
    }
    guard let median = row.time.median else { return ["not timed"] }
    var beside = content.text(of: row, isRoomy: isRoomy, counters: counters, &notes)
    if let handicap = row.workload.facts.handicap {
      beside += notes.mark("slower by \(handicap) on purpose (--slow-down)")
    }
    return [NumberText.milliseconds(median), beside]
  }

  private func imagesPerSecond(_ row: SummaryRow?) -> String {
    guard let median = row?.time.median, median > 0 else { return "" }
    return NumberText.rate(Double(key.batch) * 1e9 / median)
  }
}
