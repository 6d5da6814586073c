import ArgumentParser
import Foundation
import Measuring
import Reporting
import Results

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "How many rounds tell a difference of a given size, judged by the spread of a run.",
    discussion: """
      From the samples of a run: per layer and pair of backends the rounds and minutes that detect \
      a difference with probability 0.95, at the error probability that compare.csv corrects for \
      the number of comparisons. Nothing is measured.

      EXAMPLES
        alexbench plan --effect 3%
        alexbench plan --effect 1% --run results/sample/20261124T163845Z-7g7qv2
      """)

  @Option(help: ArgumentHelp("The difference to tell.", valueName: "percent"))
  var effect: Percentage

  @Option(
    name: .customLong("run"),
    help: ArgumentHelp("Folder of a run. (default: the latest in results/runs)", valueName: "dir"))
  var folder: String?

  func run() throws {
    try AlexExit.reporting {
      let folder = try self.folder ?? Self.latestRun(in: "results/runs")
      let plan = DetectionPlan(
        samples: try Schema.samples.rows(inFolder: folder),
        workloads: try Schema.workloads.rows(inFolder: folder), effectPercent: effect.value)
      print("from \(folder)\n\n" + plan.text(), terminator: "")
    }
  }

  /// Names of runs sort by time.
  static func latestRun(in parent: String) throws -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    let runs = names.sorted().filter {
      FileManager.default.fileExists(atPath: "\(parent)/\($0)/\(Schema.workloads.fileName)")
    }
    guard let latest = runs.last else {
      throw MeasuringError.usage(
        "there is no run in '\(parent)'; make one with 'alexbench run', or name one with --run")
    }
    return "\(parent)/\(latest)"
  }
}

/// `3%` or `3`; above 0.
struct Percentage: ExpressibleByArgument {
  var value: Double

  init?(argument: String) {
    let digits = argument.hasSuffix("%") ? String(argument.dropLast()) : argument
    guard let value = Double(digits), value > 0, value.isFinite else { return nil }
    self.value = value
  }
}
