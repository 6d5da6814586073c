import ArgumentParser
import Files
import Foundation
import Measuring
import Reporting
import Results
import Tensors

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare the backends of a run, or two runs with each other.",
    discussion: """
      One run: compares every backend with --base, per layer, stage and net, using the ratios of times \
      of the same round. These are the rows of the run's compare.csv, which is written if it is \
      missing. With another --base, rows are written only with -o.

      Two runs: compares each backend with itself; the first run is the baseline. Times are compared \
      only if hosts and settings allow it, otherwise the exit code is 5. --cross-host compares each \
      run's ratios to --base instead.

      VERDICTS
        faster, slower  the interval excludes 1; for two runs, it lies beyond --margin
        equivalent      it lies within 2 % of 1; for two runs, within --margin
        inconclusive    neither: this number of rounds cannot tell
        not-comparable  no interval; the reason is given below the table

      EXAMPLES
        alexbench compare
        alexbench compare results/runs/20261124T101009Z-svxcdr --base simd --format markdown
        alexbench compare BEFORE AFTER --format csv -o changes.csv
        alexbench compare HERE THERE --cross-host
      """)

  @Argument(
    help: ArgumentHelp(
      "Folder of one run or two. (default: the latest in results/runs)", valueName: "run"))
  var runs: [String] = []

  @Option(
    help: ArgumentHelp(
      "The backend to compare with. (default: im2col-openblas, or the first with times)",
      valueName: "backend"))
  var base: String?

  @Flag(help: "For two runs: compare the ratios to --base within each run, not the times.")
  var crossHost = false

  @Option(
    help: ArgumentHelp(
      "For two runs: differences up to this size do not count. (default: 5%)",
      valueName: "percent"), transform: PercentRange.difference.parse)
  var margin: Double?

  @Option(help: "What to print: table, markdown, csv or json.")
  var format: CompareFormat = .table

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write the rows as CSV to this file.", valueName: "file"))
  var output: String?

  @OptionGroup var reading: ReadingOptions

  func validate() throws {
    guard runs.count <= 2 else {
      throw ValidationError("compare takes one run or two, not \(runs.count)")
    }
    guard runs.count == 2 || (!crossHost && margin == nil) else {
      throw ValidationError("--cross-host and --margin need two runs")
    }
    guard runs.count < 2 || base == nil || crossHost else {
      throw ValidationError(
        "two runs are compared backend by backend; --base is for one run, or for --cross-host")
    }
  }

  func run() throws {
    try AlexExit.reporting {
      if runs.count == 2 { try compareRuns() } else { try compareBackends() }
    }
  }

  private func compareBackends() throws {
    var path = runs.first ?? ""
    if runs.isEmpty { path = try latestRun(in: "results/runs") }
    try checkOutput([path])
    let files = try reading.files(of: path)
    let comparison = try BackendComparison(files, base: base)
    if let notice = comparison.baseNotice { printError("alexbench: \(notice)") }
    if base == nil {
      if files.compare.isEmpty, !comparison.rows.isEmpty {
        do {
          try Schema.compare.write(comparison.rows, inFolder: path)
        } catch {
          // A read-only folder can still be compared.
          printError("alexbench: \(oneLine("\(error)"))")
        }
      } else if files.compare != comparison.rows {
        printError(
          "alexbench: \(path)/\(Schema.compare.fileName) does not match the other files, from which this "
            + "is computed; 'alexbench summarise' writes it again")
      }
    }
    try emit(comparison)
  }

  private func compareRuns() throws {
    try checkOutput(runs)
    let comparison = try RunComparison(
      reading.files(of: runs[0]), reading.files(of: runs[1]), crossHost: crossHost, base: base,
      margin: margin.map { $0 / 100 } ?? RunComparisonRule.margin)
    try emit(comparison)
  }

  private func checkOutput(_ runs: [String]) throws {
    guard let output else { return }
    try NamedFile.check(
      outputs: [NamedFile("-o", output)], inputs: runs.flatMap(NamedFile.run))
  }

  private func emit(_ comparison: some ComparisonText) throws {
    if let output { try writeFile(comparison.csv(), to: output) }
    let text =
      switch format {
      case .table: comparison.terminal()
      case .markdown: comparison.markdown()
      case .csv: comparison.csv()
      case .json: comparison.json()
      }
    print(text, terminator: "")
  }
}

/// What `compare` prints.
enum CompareFormat: String, ExpressibleByArgument, CaseIterable {
  case table, markdown, csv, json
}
