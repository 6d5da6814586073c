import ArgumentParser
import Foundation
import Measuring
import Reporting
import Results

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain one layer of a run: time, roof, phases and counters of each backend.",
    discussion: """
      Reads files and measures nothing. For each backend a last sentence says what limits it, as far as \
      the files tell. Phases and counters are there if the run had --breakdown and --counters.

      EXAMPLES
        alexbench explain conv2
        alexbench explain net --run results/sample/20261129T235050Z-zxvhc5
      """)

  @Argument(help: "A layer of the run, or net for the whole network.")
  var layer: String

  @Option(
    name: .customLong("run"), help: "Folder of the run. (default: the latest in results/runs)")
  var folder: String?

  @OptionGroup var reading: ReadingOptions

  func run() throws {
    try AlexExit.reporting {
      var path = folder ?? ""
      if folder == nil { path = try latestRun(in: "results/runs") }
      let files = try reading.files(of: path)
      guard let explanation = Explanation(of: layer, in: files) else {
        let known = Explanation.layers(of: files)
        throw MeasuringError.unknown(
          what: "layer in the run", name: layer,
          suggestion: NameSuggestion.nearest(to: layer, in: known), known: known)
      }
      print(explanation.terminal(), terminator: "")
    }
  }
}

/// The folder of the newest complete run.
/// - Throws: if there is none.
func latestRun(in parent: String) throws(ResultsError) -> String {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
  // Names begin with the time.
  let finished = names.sorted().last {
    FileManager.default.fileExists(atPath: "\(parent)/\($0)/\(Schema.summary.fileName)")
  }
  guard let finished else {
    throw .missing(path: "\(parent)/*/\(Schema.summary.fileName)")
  }
  return "\(parent)/\(finished)"
}
