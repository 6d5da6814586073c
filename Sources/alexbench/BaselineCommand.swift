import ArgumentParser
import Files
import Foundation
import Measuring
import Reporting
import Results

struct BaselineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline",
    abstract: "Keep runs to compare later ones with, by class of hosts.",
    discussion: """
      A baseline is made from a run with at least 12 launches. Its times are comparable only on the \
      same class of hosts; 'alexbench check --baseline' refuses all others. Baselines are text files, \
      in one folder per class of hosts, meant to be committed.

      EXAMPLES
        alexbench run --launches 20 --backend simd,winograd
        alexbench baseline save before
        alexbench check --baseline before
        alexbench baseline list
      """,
    subcommands: [
      BaselineSave.self, BaselineList.self, BaselineShow.self, BaselineDelete.self,
    ])
}

/// Where baselines are.
struct BaselineFolder: ParsableArguments {
  static let standard = "results/baselines"

  @Option(name: .customLong("baselines"), help: "Folder of the baselines.")
  var path = BaselineFolder.standard

  var store: BaselineStore { BaselineStore(folder: path) }

  /// - Throws: a name that is no file name.
  static func check(_ name: String) throws(MeasuringError) {
    let isPlain = name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
    guard isPlain, !name.isEmpty, !name.hasPrefix(".") else {
      throw .usage(
        "'\(name)' cannot be the name of a baseline; use letters, digits and - _ ., as in before-tuning"
      )
    }
  }
}

extension BaselineStore {
  /// A baseline of a class of hosts.
  /// - Throws: that there is none; if there is one of another class, with the fields that differ.
  func find(_ name: String, here: Environment) throws -> Baseline {
    try BaselineFolder.check(name)
    let hostClass = here.host.hostClass
    guard !FileManager.default.fileExists(atPath: path(name, hostClass: hostClass)) else {
      return try load(name, hostClass: hostClass)
    }
    let others = list().filter { $0.name == name }
    guard let other = others.first else {
      throw MeasuringError.baseline(
        "there is no baseline '\(name)' in \(folder); make one with 'alexbench run --launches 20' "
          + "and 'alexbench baseline save \(name)'")
    }
    let differences = Comparability.hostDifferences(
      try load(name, hostClass: other.hostClass).environment, here)
    throw MeasuringError.baseline(
      "baseline '\(name)' is from another class of hosts: \(differences.joined(separator: "; ")); "
        + "make one on this host")
  }
}

struct BaselineSave: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "save", abstract: "Keep a run as a baseline.",
    discussion: """
      Exit code 64 if the run has fewer than 12 launches, is incomplete, has a failed check, was slowed \
      down on purpose, or was disturbed in more than a fifth of its blocks.

      EXAMPLES
        alexbench baseline save before
        alexbench baseline save before --run results/runs/20261124T101009Z-svxcdr
      """)

  @Argument(help: "Name of the baseline.")
  var name: String

  @Option(
    name: .customLong("run"),
    help: ArgumentHelp("Folder of a run. (default: the latest in results/runs)", valueName: "dir"))
  var folder: String?

  @OptionGroup var baselines: BaselineFolder

  @OptionGroup var reading: ReadingOptions

  func run() throws {
    try AlexExit.reporting {
      try BaselineFolder.check(name)
      let folder = try self.folder ?? PowerCommand.latestRun(in: "results/runs")
      let run = try reading.files(of: folder)
      if let reason = BaselinePairs.refusal(run) {
        throw MeasuringError.usage("\(folder) cannot be a baseline: \(reason)")
      }
      var environment = run.environment
      if !run.plan.isEmpty { environment.options?["plan"] = .string(Schema.plan.text(run.plan)) }
      let baseline = Baseline(
        name: name, rows: BaselinePairs.rows(samples: run.samples, workloads: run.workloads),
        environment: environment)
      try NamedFile.check(
        outputs: baselines.store.files(name, hostClass: baseline.hostClass),
        inputs: NamedFile.run(folder))
      try baselines.store.save(baseline)
      print("saved \(baselines.store.path(name, hostClass: baseline.hostClass))")
    }
  }
}

struct BaselineList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List baselines, with the class of hosts of each.")

  @OptionGroup var baselines: BaselineFolder

  func run() throws {
    try AlexExit.reporting {
      let here = HostFingerprint.collect().hostClass
      for (name, hostClass) in baselines.store.list() {
        print("\(name)  \(hostClass)\(hostClass == here ? "  (this host)" : "")")
      }
    }
  }
}

struct BaselineShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the times of a baseline of this class of hosts.")

  @Argument(help: "Name of the baseline.")
  var name: String

  @OptionGroup var baselines: BaselineFolder

  func run() throws {
    try AlexExit.reporting {
      let here = Environment(
        runID: "", startedAt: "", arguments: [], seeds: [:], build: BuildFingerprint.collect(),
        host: HostFingerprint.collect())
      print(
        BaselineTable(try baselines.store.find(name, here: here)).terminal(), terminator: "")
    }
  }
}

struct BaselineDelete: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete a baseline of this class of hosts.")

  @Argument(help: "Name of the baseline.")
  var name: String

  @OptionGroup var baselines: BaselineFolder

  func run() throws {
    try AlexExit.reporting {
      try BaselineFolder.check(name)
      try baselines.store.delete(name, hostClass: HostFingerprint.collect().hostClass)
      print("deleted \(name)")
    }
  }
}
