import ArgumentParser
import Foundation
import Measuring
import Reporting
import Results

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Tell what a run says about one layer: time, roof, phases, counters of each backend.",
    discussion: """
      Reads files only and measures nothing. Each backend ends with a sentence on what holds it up, \
      as far as the files tell; phases and counters are there when the run had --breakdown and \
      --counters.

      EXAMPLES
        alexbench explain conv2
        alexbench explain net --run results/sample/20261124T163845Z-7g7qv2
      """)

  @Argument(help: "A layer of the run, or net.")
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

/// The folder of the newest run that was finished.
/// - Throws: that there is none.
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
