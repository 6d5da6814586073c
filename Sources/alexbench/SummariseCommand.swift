import ArgumentParser
import Reporting
import Results

struct SummariseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summarise",
    abstract: "Recompute summary.csv and compare.csv of runs from their other files.",
    discussion: """
      For runs of an earlier version of alexbench, or after other files were corrected. Nothing is \
      measured.

      EXAMPLES
        alexbench summarise results/sample/*
      """)

  @Argument(help: ArgumentHelp("Folders of runs.", valueName: "dir"))
  var folders: [String]

  func run() throws {
    try AlexExit.reporting {
      for folder in folders {
        let samples = try Schema.samples.rows(inFolder: folder)
        let table = try Schema.workloads.table(inFolder: folder)
        let workloads = table.rows
        let summary = summarise(
          samples: samples, workloads: workloads, layers: try Schema.layers.rows(inFolder: folder),
          roofs: try Schema.roofs.rowsIfPresent(inFolder: folder))
        // A folder of parts may have no environment.
        let environment = try? Environment(contentsOf: folder + "/" + Environment.fileName)
        let pairs = compare(
          samples: samples, workloads: workloads, rule: ComparisonRule(environment))
        // What an older run does not say of its workloads, its summary does not repeat.
        try Schema.summary.without(table.missing).write(summary, inFolder: folder)
        try Schema.compare.write(pairs, inFolder: folder)
        print("\(folder): \(summary.count) rows summed up, \(pairs.count) pairs compared")
      }
    }
  }
}
