import Results
import Testing

/// Files of earlier and later versions: columns that are missing, unknown, or in another order.
struct OtherColumnsTests {
  /// Takes a text of three rows apart, changes its columns, and puts it together again.
  private func changed(_ text: String, _ change: ([String]) -> [String]) -> String {
    let lines = text.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    // Column by column; the fields of these rows hold neither commas nor line ends.
    let columns = lines[0].indices.map { place in lines.map { $0[place] } }
    let names = change(lines[0])
    let new = names.map { name in
      columns.first { $0[0] == name } ?? [name] + lines.dropFirst().map { _ in "7" }
    }
    return lines.indices.map { row in new.map { $0[row] }.joined(separator: ",") + "\n" }.joined()
  }

  private var samples: [SampleRow] {
    (0..<3).map { round in
      var row = SampleRows.sample
      row.round = round
      return row
    }
  }

  @Test("A missing column leaves what a blank row has, an unknown one is left out")
  func missingAndUnknown() throws {
    let text = changed(Schema.samples.text(samples)) { names in
      ["gpu_ns"] + names.filter { $0 != "steal_ns" && $0 != "steady" }.reversed() + ["cpu_id"]
    }
    let table = try Schema.samples.table(in: text, file: "s")
    #expect(
      table.rows
        == samples.map { row in
          var row = row
          row.block.stealNanoseconds = nil
          row.block.isSteady = true
          return row
        })
    #expect(table.missing == ["steal_ns", "steady"])
    #expect(table.unknown == ["gpu_ns", "cpu_id"])
    #expect(
      table.notices == [
        "samples.csv has the columns 'gpu_ns', 'cpu_id', which this version does not know and "
          + "leaves out", "samples.csv lacks the columns 'steal_ns', 'steady'",
      ])
    // Written with the columns that the file has, it is the same text.
    #expect(table.text(table.rows) == text)
    #expect(table.lines == [2, 3, 4])
  }

  @Test("A file as this version writes it has nothing to remark")
  func none() throws {
    let table = try Schema.samples.table(in: Schema.samples.text(samples), file: "s")
    #expect(table.notices.isEmpty && table.rows == samples)
  }

  @Test("The order of columns does not matter, not even to a unit that follows from a kind")
  func order() throws {
    let roofs = changed(Schema.roofs.text(SampleRows.roofs)) { $0.reversed() }
    #expect(try Schema.roofs.rows(in: roofs, file: "r") == SampleRows.roofs)
    #expect(throws: ResultsError.self) {
      try Schema.roofs.rows(in: roofs.replacing("GB/s", with: "GFLOP/s"), file: "r")
    }
  }
}
