import ArgumentParser
import Files
import Measuring
import Reporting
import Results

struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Keep medians by commit, and find the commits at which their level changed.",
    discussion: """
      There is one CSV file per backend and setting, in one folder per class of hosts. It has a line per \
      run and a column per layer; lines are only ever appended. Times of several classes of hosts are \
      never mixed.

      EXAMPLES
        alexbench history add results/runs/20261124T101009Z-svxcdr
        alexbench history show conv2
        alexbench history changes
      """, subcommands: [HistoryAdd.self, HistoryShow.self, HistoryChanges.self])
}

/// Where histories are.
struct HistoryFolder: ParsableArguments {
  @Option(name: .customLong("folder"), help: "Folder of the histories.")
  var path = "results/history"

  func report() throws -> HistoryReport { HistoryReport(try History.files(in: path)) }
}

struct HistoryAdd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Append the medians of a run to the history of its host.")

  @Argument(help: "Folder of the run.")
  var folder: String

  @OptionGroup var history: HistoryFolder

  @Flag(help: "Accept a run of sources with uncommitted changes.")
  var dirty = false

  @OptionGroup var reading: ReadingOptions

  func run() throws {
    try AlexExit.reporting {
      let run = try reading.files(of: folder)
      guard run.environment.build.gitCommit != nil else {
        throw MeasuringError.usage(
          "\(folder) does not name its commit; histories are by commit, so measure inside the "
            + "repository")
      }
      if run.environment.build.gitIsDirty == true, !dirty {
        throw MeasuringError.usage(
          "\(folder) was measured with uncommitted changes, so its commit does not say what ran; "
            + "--dirty adds it anyway")
      }
      if let slowDown = run.environment.slowDowns.first {
        throw MeasuringError.usage(
          "\(folder) was slowed down on purpose (--slow-down \(slowDown)), which is no history")
      }
      let paths = History.paths(
        run.summary, layers: run.layers, environment: run.environment, in: history.path)
      try NamedFile.check(
        outputs: paths.map { NamedFile("the history", $0) }, inputs: NamedFile.run(folder))
      let outcomes = try History.add(
        run.summary, layers: run.layers, environment: run.environment, to: history.path)
      guard !outcomes.isEmpty else {
        throw MeasuringError.usage("\(folder) has no median to add")
      }
      for (path, outcome) in outcomes {
        print(outcome == .added ? "added to \(path)" : "already in \(path)")
      }
    }
  }
}

struct HistoryShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Draw the history of a layer, with changes of level marked.")

  @Argument(help: "A layer, or net.")
  var layer: String

  @OptionGroup var history: HistoryFolder

  func run() throws {
    try AlexExit.reporting {
      let files = try History.files(in: history.path)
      guard let text = HistoryReport(files).course(of: layer) else {
        let known = files.flatMap(\.layers)
        throw MeasuringError.unknown(
          what: "layer in the history", name: layer,
          suggestion: NameSuggestion.nearest(to: layer, in: known),
          known: Array(Set(known)).sorted())
      }
      print(text, terminator: "")
    }
  }
}

struct HistoryChanges: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "changes", abstract: "List the commits at which the level of a layer changed.")

  @OptionGroup var history: HistoryFolder

  func run() throws {
    try AlexExit.reporting { print(try history.report().changesTable(), terminator: "") }
  }
}
