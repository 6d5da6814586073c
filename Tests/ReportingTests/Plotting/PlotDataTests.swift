import Foundation
import Reporting
import Results
import Testing

@Suite("Data of plots")
struct PlotDataTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static let committed: [String] = ["results/sample", "results/kernels"].flatMap { parent in
    let folder = root.appendingPathComponent(parent).path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { "\(folder)/\($0)" }
  }

  /// Every field of every block stands in the file that the block names, in the row of the same
  /// workload, digit by digit.
  private func check(_ plots: [Plot], against folder: String) throws {
    var files: [String: CSVFields] = [:]
    var fieldCount = 0
    for plot in plots {
      for block in ScriptBlock.all(in: plot) {
        let first = try #require(block.files.first, "\(plot.name)")
        let identity = block.columns(of: first).filter { identityColumns.contains($0.name) }
        for name in block.files {
          let file = try files[name] ?? CSVFields("\(folder)/\(name)")
          files[name] = file
          var columns = block.columns(of: name)
          if name != first {
            // Geometry has no backend.
            columns += identity.filter {
              name != "layers.csv" || ["network", "layer", "batch"].contains($0.name)
            }
          }
          let known = file.tuples(columns.map(\.name))
          for row in block.rows {
            let tuple = columns.map { row[$0.place] }.joined(separator: "\t")
            #expect(known.contains(tuple), "\(plot.name): \(name) has no row \(tuple)")
            fieldCount += columns.count
          }
        }
      }
    }
    #expect(fieldCount > 0)
  }

  @Test("Every number of the committed runs' plots is the file's", arguments: committed)
  func committedRuns(folder: String) throws {
    try check(try draw([RunFiles(folder: folder)]).plots, against: folder)
  }

  @Test("A run with everything has every plot, and every number of them is the file's")
  func everything() throws {
    try withTemporaryFolder { parent in
      let folder = try SyntheticRun().write(to: parent)
      let drawing = try draw([RunFiles(folder: folder)])
      #expect(drawing.skipped == [])
      #expect(Set(drawing.plots.map(\.kind)) == Set(PlotKind.allCases))
      // Two batches and two numbers of threads, and one plot over all of them.
      #expect(drawing.plots.count == 8 * 4 + 1)
      try check(drawing.plots, against: folder)
    }
  }

  @Test("No median, block, error, phase, roof or count of a small run is left out")
  func isComplete() throws {
    try withTemporaryFolder { parent in
      var run = SyntheticRun()
      run.batches = [1]
      run.threads = [1]
      let folder = try run.write(to: parent)
      let files = try RunFiles(folder: folder)
      let plots = try draw([files]).plots
      func rows(_ kind: PlotKind, with column: String) throws -> Int {
        let plot = try #require(plots.first { $0.kind == kind })
        return ScriptBlock.all(in: plot).filter { $0.columns.contains(column) }
          .map(\.rows.count).reduce(0, +)
      }
      let alone = files.summary.filter { $0.key.pass != .inNet }
      let aloneKeys = Set(alone.map(\.key))
      let blocks = files.samples.count { aloneKeys.contains($0.key) }
      #expect(try rows(.time, with: "summary.csv:median_ns") == alone.count)
      #expect(try rows(.time, with: "samples.csv:wall_ns") == blocks)
      #expect(try rows(.samples, with: "samples.csv:wall_ns") == blocks)
      #expect(
        try rows(.stages, with: "summary.csv:median_ns")
          == files.summary.count { $0.key.pass != .isolated })
      // A row whose tile is named stands there again.
      #expect(
        try rows(.accuracy, with: "summary.csv:nrmse")
          == alone.count { $0.key.kind != "relu" }
          + alone.count { $0.workload.facts.tile.hasPrefix("F(") })
      #expect(try rows(.roofline, with: "roofs.csv:value") == files.roofs.count)
      #expect(try rows(.phases, with: "phases.csv:share_pct") == files.phases.count)
      #expect(
        try rows(.counters, with: "counters.csv:per_call")
          == files.counters.count { $0.source != CounterRow.derivedSource })
      #expect(
        try rows(.speedup, with: "compare.csv:ratio_median")
          == files.compare.count { $0.key.pass != .inNet && $0.ratio != nil })
    }
  }

  @Test("Another base gives the ratios of compare with that base")
  func base() throws {
    try withTemporaryFolder { parent in
      var run = SyntheticRun()
      // Enough for intervals over the comparisons of one batch, and too few for those of two.
      run.rounds = 11
      let files = try RunFiles(folder: try run.write(to: parent))
      var selection = PlotSelection()
      selection.kinds = [.speedup]
      selection.base = "direct"
      selection.batches = [4]
      let plots = try draw([files], selection).plots
      let want = compare(samples: files.samples, workloads: files.workloads, base: "direct")
        .filter { $0.key.pass != .inNet && $0.key.batch == 4 }
      // The verdicts too, which hang on the number of all comparisons.
      let texts = plots.flatMap { plot in
        ScriptBlock.all(in: plot).flatMap { block in
          let ratio = block.columns.firstIndex(of: "compare.csv:ratio_median")!
          let verdict = block.columns.firstIndex(of: "compare.csv:verdict")!
          return block.rows.map { "\($0[ratio]) \($0[verdict])" }
        }
      }
      #expect(want.count > 10)
      #expect(
        texts.sorted() == want.map { "\($0.ratio.fieldText) \($0.verdict.rawValue)" }.sorted())
      #expect(plots.allSatisfy { $0.title.hasPrefix("Speed-up against direct") })
    }
  }

  @Test("A long run is thinned, and its plots say so")
  func thinning() throws {
    try withTemporaryFolder { parent in
      var run = SyntheticRun()
      run.rounds = 600
      run.batches = [1]
      run.threads = [1]
      let folder = try run.write(to: parent)
      var selection = PlotSelection()
      selection.kinds = [.time, .samples]
      let drawing = try draw([RunFiles(folder: folder)], selection)
      for plot in drawing.plots {
        #expect(plot.caption.contains("of a workload are shown."), "\(plot.caption)")
        let count = ScriptBlock.all(in: plot)
          .filter { $0.columns.contains("samples.csv:wall_ns") }.map(\.rows.count).reduce(0, +)
        #expect(count > 1000 && count < 8000, "\(plot.name)")
      }
      try check(drawing.plots, against: folder)
    }
  }
}
