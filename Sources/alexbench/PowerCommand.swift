import ArgumentParser
import Foundation
import Measuring
import Reporting
import Results

/// Power analysis: what it takes to detect an effect.
struct PowerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "power",
    abstract: "Power analysis: how many rounds it takes to detect a given difference.",
    discussion: """
      Reads the samples of a run and measures nothing. For each layer and pair of backends it prints \
      how many rounds and minutes detect the difference with probability 0.95, at the error \
      probability that compare.csv uses, which is corrected for the number of comparisons.

      EXAMPLES
        alexbench power --effect 3%
        alexbench power --effect 1% --run results/sample/20261129T235050Z-zxvhc5
      """)

  @Option(
    help: ArgumentHelp("The difference to detect.", valueName: "percent"),
    transform: PercentRange.difference.parse)
  var effect: Double

  @Option(
    name: .customLong("run"),
    help: ArgumentHelp("Folder of a run. (default: the latest in results/runs)", valueName: "dir"))
  var folder: String?

  func run() throws {
    try AlexExit.reporting {
      let folder = try self.folder ?? Self.latestRun(in: "results/runs")
      let power = PowerAnalysis(
        samples: try Schema.samples.rows(inFolder: folder),
        workloads: try Schema.workloads.rows(inFolder: folder), effectPercent: effect,
        rule: ComparisonRule(
          try? Environment(contentsOf: folder + "/" + Environment.fileName)))
      print("from \(folder)\n\n" + power.text(), terminator: "")
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

/// The name of `power` up to now, for one more release.
struct OldPlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "The old name of 'alexbench power'.", shouldDisplay: false)

  @OptionGroup var power: PowerCommand

  func run() throws { try power.run() }
}
