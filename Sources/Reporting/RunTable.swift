import Results

/// The tables of `alexbench run`: per network, batch and thread count the layers down, the backends
/// across, the full net at the bottom.
public struct RunTable: Sendable {
  /// Columns of a terminal.
  private static let terminalWidth = 100

  private let groups: [Group]
  private let roofs: [RoofRow]
  private let content: CellContent
  private let warnings: [String]

  /// - Parameters:
  ///   - summary: rows as ``summarise(samples:workloads:layers:roofs:)`` gives them; layers inside
  ///     the net are left out.
  ///   - roofs: for the line below each table.
  ///   - content: what stands beside the times.
  ///   - warnings: sentences for the footnotes, for example from `environment.json`.
  public init(
    summary: [SummaryRow], roofs: [RoofRow] = [], showing content: CellContent = .rate,
    warnings: [String] = []
  ) {
    var rowsOfGroup: [GroupKey: [SummaryRow]] = [:]
    var order: [GroupKey] = []
    for row in summary where row.key.pass == .isolated || row.key.layerIndex < 0 {
      let key = GroupKey(row.key)
      if rowsOfGroup[key] == nil { order.append(key) }
      rowsOfGroup[key, default: []].append(row)
    }
    groups = order.map { Group(key: $0, rows: rowsOfGroup[$0]!) }
    self.roofs = roofs
    self.content = content
    self.warnings = warnings
  }

  /// - Parameter isBold: the best of a row in bold, for a terminal; it has a `*` anyway.
  public func terminal(isBold: Bool) -> String {
    var text = ""
    for group in groups {
      var notes = Footnotes()
      var grid = group.grid(content, isRoomy: true, &notes)
      if grid.width > Self.terminalWidth { grid = group.grid(content, isRoomy: false, &notes) }
      text += group.key.title + "\n" + grid.terminal(isBold: isBold)
      text += legend(group, bestMark: "*").map { wrapped("", $0) }.joined() + notes.text() + "\n"
    }
    return text + warnings.map { wrapped("warning: ", $0) }.joined()
  }

  /// The same for a page or a job summary.
  public func markdown() -> String {
    var text = ""
    for group in groups {
      var notes = Footnotes()
      let grid = group.grid(content, isRoomy: true, &notes)
      text += "### \(group.key.title)\n\n" + grid.markdown() + "\n"
      let lines =
        legend(group, bestMark: "**bold**") + notes.texts.enumerated().map { "[\($0 + 1)] \($1)" }
      text += lines.map { "- \(withoutFixedBlanks($0))\n" }.joined() + "\n"
    }
    return text + warnings.map { "> **Warning:** \($0)\n\n" }.joined()
  }

  private func legend(_ group: Group, bestMark: String) -> [String] {
    var lines: [String] = []
    if group.hasBest { lines.append("\(bestMark) best of the row (median)") }
    if group.rows.contains(where: \.isDelegated) {
      lines.append("→name the layer was handed to that backend, so it is not named best")
    }
    let contaminated = group.rows.reduce(0) { $0 + $1.contaminatedCount }
    if contaminated > 0 {
      lines.append(
        "\(contaminated) timed \(contaminated == 1 ? "block was" : "blocks were") touched by "
          + "other work; summary.csv has the medians without them (median_clean_ns)")
    }
    if let line = content.legend { lines.append(line) }
    if let line = group.reconciliation { lines.append(line) }
    if let line = RoofLine.text(roofs, threads: group.key.threads) { lines.append(line) }
    return lines
  }
}

/// What one table is about.
private struct GroupKey: Hashable {
  var network: String
  var batch: Int
  var threads: Int
  var direction: String
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
      (direction == "forward" ? "" : ", \(direction)")
      + (cache == .warm ? "" : ", \(cache.rawValue) caches")
    return "\(network), batch \(batch), \(threads) \(threads == 1 ? "thread" : "threads")\(unusual)"
  }
}

/// One table.
private struct Group: Sendable {
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

  init(key: GroupKey, rows: [SummaryRow]) {
    self.key = key
    self.rows = rows
    var lines: [LineKey] = []
    var backends: [String] = []
    for row in rows {
      let line = LineKey(index: row.key.layerIndex, layer: row.key.layer)
      if !lines.contains(line) { lines.append(line) }
      if !backends.contains(row.key.backend) { backends.append(row.key.backend) }
    }
    self.lines =
      lines.filter { $0.index >= 0 }.sorted { $0.index < $1.index } + lines.filter { $0.index < 0 }
    columns = backends.flatMap { backend in
      // A layer with several rows of one backend was run with several instruction sets.
      let own = rows.filter { $0.key.backend == backend }
      var isas: [String] = []
      for (_, same) in Dictionary(grouping: own, by: \.key.layer).sorted(by: { $0.key < $1.key })
      where same.count > 1 {
        for row in same where !isas.contains(row.key.isa) { isas.append(row.key.isa) }
      }
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

  /// Position of the fastest of a line; nil when fewer than two can be compared.
  func best(of line: LineKey) -> Int? {
    let times = columns.enumerated().compactMap { index, column -> (Int, Double)? in
      guard let row = row(line, column), !row.isDelegated, let median = row.time.median else {
        return nil
      }
      return (index, median)
    }
    return times.count < 2 ? nil : times.min { $0.1 < $1.1 }?.0
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

  var hasBest: Bool { lines.contains { best(of: $0) != nil } }

  func grid(_ content: CellContent, isRoomy: Bool, _ notes: inout Footnotes) -> Grid {
    let units = "ms \(content.header)"
    var header = [[""] + columns.map(\.backend)]
    if columns.contains(where: { !$0.isa.isEmpty }) { header.append([""] + columns.map(\.isa)) }
    header.append(["layer"] + columns.map { _ in units })
    var grid = Grid(header: header, rows: [], marksBest: true)
    for line in lines {
      if line.index < 0 { grid.separators.insert(grid.rows.count) }
      let best = best(of: line)
      var cells: [Grid.Cell] = []
      for (index, column) in columns.enumerated() {
        guard let row = row(line, column) else {
          cells.append(Grid.Cell([""]))
          continue
        }
        let parts = parts(of: row, content, isRoomy: isRoomy, &notes)
        cells.append(Grid.Cell(parts, isBest: index == best))
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
    of row: SummaryRow, _ content: CellContent, isRoomy: Bool, _ notes: inout Footnotes
  ) -> [String] {
    guard row.workload.status == .ok else {
      return [row.workload.status.rawValue + notes.mark(row.workload.reason)]
    }
    guard let median = row.time.median else { return ["not timed"] }
    var beside = content.text(of: row, isRoomy: isRoomy, &notes)
    if let handicap = row.workload.facts.handicap {
      beside += notes.mark("slower by \(handicap) on purpose (--handicap)")
    }
    return [NumberText.milliseconds(median), beside]
  }

  private func imagesPerSecond(_ row: SummaryRow?) -> String {
    guard let median = row?.time.median, median > 0 else { return "" }
    return NumberText.rate(Double(key.batch) * 1e9 / median)
  }
}
