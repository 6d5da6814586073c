import Results

/// The tables of `alexbench run`: per network, batch and thread count the layers down, the backends
/// across, the full net at the bottom.
package struct RunTable: Sendable {
  /// Columns of a terminal.
  private static let terminalWidth = 100

  private let groups: [TableGroup]
  private let roofs: [RoofRow]
  private let counters: CounterCells
  private let content: CellContent
  private let warnings: [String]
  private let calibration: CalibrationSummary?
  private let winners: Set<Winner>?

  /// - Parameters:
  ///   - summary: rows as ``summarise(samples:workloads:layers:roofs:)`` gives them; layers inside
  ///     the net are left out.
  ///   - roofs: for the line below each table.
  ///   - counters: derived ones included, for ``CellContent/counters`` and a line on what could not
  ///     be counted.
  ///   - content: what stands beside the times.
  ///   - warnings: sentences for the footnotes, for example from `environment.json`.
  ///   - calibration: of the host, for a line at the end.
  ///   - winners: what may be named best; nil = the least median of a row.
  package init(
    summary: [SummaryRow], roofs: [RoofRow] = [], counters: [CounterRow] = [],
    showing content: CellContent = .rate, warnings: [String] = [],
    calibration: CalibrationSummary? = nil, winners: [Winner]? = nil
  ) {
    self.winners = winners.map { Set($0) }
    groups = TableGroup.all(summary)
    self.roofs = roofs
    self.counters = CounterCells(counters)
    self.content = content
    self.warnings = warnings
    self.calibration = calibration
  }

  /// - Parameter isBold: the best of a row in bold, for a terminal; it has a `*` anyway.
  package func terminal(isBold: Bool) -> String {
    var text = ""
    for group in groups {
      var notes = Footnotes()
      var grid = group.grid(content, isRoomy: true, counters, winners, &notes)
      if grid.width > Self.terminalWidth {
        grid = group.grid(content, isRoomy: false, counters, winners, &notes)
      }
      text += group.key.title + "\n" + grid.terminal(isBold: isBold)
      text += legend(group, bestMark: "*").map { wrapped("", $0) }.joined() + notes.text() + "\n"
    }
    if !counters.lines.isEmpty {
      text += counters.lines.map { wrapped("not counted: ", $0) }.joined() + "\n"
    }
    return text + warnings.map { wrapped("warning: ", $0) }.joined()
      + (calibration.map { wrapped("", CalibrationTable.line($0)) } ?? "")
  }

  /// Markdown for a page or a job summary.
  package func markdown() -> String {
    var text = ""
    for group in groups {
      var notes = Footnotes()
      let grid = group.grid(content, isRoomy: true, counters, winners, &notes)
      text += "### \(markdownText(group.key.title))\n\n" + grid.markdown() + "\n"
      let lines =
        legend(group, bestMark: "**bold**") + notes.texts.enumerated().map { "[\($0 + 1)] \($1)" }
      text += lines.map { "- \(markdownText($0))\n" }.joined() + "\n"
    }
    text += counters.lines.map { "- not counted: \(markdownText($0))\n" }.joined()
    if !counters.lines.isEmpty { text += "\n" }
    return text + warnings.map { "> **Warning:** \(markdownText($0))\n\n" }.joined()
      + (calibration.map { withoutFixedBlanks(CalibrationTable.line($0)) + "\n" } ?? "")
  }

  private func legend(_ group: TableGroup, bestMark: String) -> [String] {
    var lines: [String] = []
    if group.hasBest(winners) {
      lines.append(
        winners == nil
          ? "\(bestMark) best of the row (median)"
          : "\(bestMark) the fastest, where the intervals allow to name it")
    }
    if group.rows.contains(where: \.isDelegated) {
      lines.append("→name the layer was handed to that backend, so it is not named best")
    }
    let contaminated = group.rows.reduce(0) { $0 &+ $1.contaminatedCount }
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
