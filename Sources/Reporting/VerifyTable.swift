import OrderedCollections
import Results

/// The tables of `alexbench verify`: per network, batch and thread count one line per layer and
/// backend with its distance from the float64 reference.
package struct VerifyTable: Sendable {
  private let rows: [WorkloadRow]

  package init(_ rows: [WorkloadRow]) { self.rows = rows }

  package func terminal() -> String {
    tables { title, grid, notes in "\(title)\n" + grid.terminal(isBold: false) + notes.text() }
  }

  package func markdown() -> String {
    tables { title, grid, notes in
      "### \(title)\n\n" + grid.markdown()
        + notes.texts.enumerated().map { "\n[\($0 + 1)] \($1)\n" }.joined()
    }
  }

  private func tables(_ draw: (String, Grid, Footnotes) -> String) -> String {
    let groups = OrderedDictionary(grouping: rows) { row in
      "\(row.key.network), batch \(row.key.batch), \(count(row.key.threads, "thread"))"
    }
    return groups.map { title, rows in
      var notes = Footnotes()
      let grid = Self.grid(rows, &notes)
      return draw(title, grid, notes)
    }.joined(separator: "\n")
  }

  private static let columns: [Column<WorkloadRow>] = [
    Column("layer") { $0.key.layer },
    Column("backend") { $0.key.backend },
    Column("isa") { $0.key.isa },
    Column("max abs error") { $0.check.maxAbsError.map(NumberText.error) ?? "" },
    Column("nrmse") { $0.check.nrmse.map(NumberText.error) ?? "" },
    Column("bound") { $0.check.errorBound.map(NumberText.error) ?? "" },
  ]

  private static func grid(_ rows: [WorkloadRow], _ notes: inout Footnotes) -> Grid {
    var grid = Grid(header: [columns.map(\.name) + ["verdict"]], rows: [])
    grid.leftAligned = [0, 1, 2, 6]
    for row in rows {
      var verdict = row.status.rawValue + notes.mark(row.reason)
      if !row.facts.delegatedTo.isEmpty { verdict += " →" + row.facts.delegatedTo }
      grid.rows.append((columns.map { $0.text(row) } + [verdict]).map { Grid.Cell([$0]) })
    }
    return grid
  }
}
