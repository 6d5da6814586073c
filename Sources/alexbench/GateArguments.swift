import ArgumentParser
import Files
import Foundation
import Measuring
import Reporting
import Results

/// When a check fails, and where it reports this.
struct GateArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("Slow-down that is tolerated. (default: 5%)", valueName: "percent"),
    transform: PercentRange.difference.parse)
  var margin: Double?

  @Option(
    help: ArgumentHelp(
      "File of exceptions: margins and mutes by network, backend and layer.",
      discussion: "results/README.md describes it. (default: .alexbench.csv, if it exists)",
      valueName: "file"))
  var policy: String?

  @Option(help: "What a check without a clear result does: fail (exit code 75) or pass.")
  var inconclusive = InconclusiveChoice.fail

  @Flag(help: "End with exit code 4 if something is faster, as a reminder to renew the baseline.")
  var failOnImprovement = false

  @Option(
    help: ArgumentHelp(
      "Write a summary in Markdown. It always goes to GITHUB_STEP_SUMMARY, if that is set.",
      valueName: "file"))
  var summary: String?

  @Option(help: ArgumentHelp("Write JUnit XML.", valueName: "file"))
  var junit: String?

  @Option(help: ArgumentHelp("Write Bencher Metric Format (JSON).", valueName: "file"))
  var bencher: String?

  enum InconclusiveChoice: String, ExpressibleByArgument, CaseIterable { case fail, pass }

  func gatePolicy() throws -> GatePolicy {
    var rules = GatePolicy()
    if let margin { rules.marginPercent = margin }
    let file = policy ?? Schema.policy.fileName
    if policy != nil || FileManager.default.fileExists(atPath: file) {
      rules.exceptions = try Schema.policy.rows(contentsOf: file)
    }
    return rules
  }

  /// Refuses to write over what a check reads.
  func check(inputs: [NamedFile]) throws {
    let outputs = [("--summary", summary), ("--junit", junit), ("--bencher", bencher)]
    try NamedFile.check(
      outputs: outputs.compactMap { role, path in path.map { NamedFile(role, $0) } },
      inputs: inputs + [NamedFile("--policy", policy ?? Schema.policy.fileName)])
  }

  /// Prints and writes a verdict.
  /// - Parameters:
  ///   - title: names what was compared.
  ///   - folder: gets all outputs; nil for none.
  func report(_ verdict: GateVerdict, title: String, folder: String? = nil) throws {
    let markdown = verdict.markdown(title: title)
    print(verdict.terminal(), terminator: "")
    let variables = ProcessInfo.processInfo.environment
    if variables["GITHUB_ACTIONS"] == "true" {
      for line in verdict.annotations() { print(line) }
    }
    if let path = variables["GITHUB_STEP_SUMMARY"], !path.isEmpty {
      try AppendedFile.append(markdown, to: path)
    }
    func write(_ text: String, _ name: String, _ path: String?) throws {
      if let folder { try writeFile(text, to: "\(folder)/\(name)") }
      if let path { try writeFile(text, to: path, creatingFolders: true) }
    }
    try write(markdown, "summary.md", summary)
    try write(verdict.junit(), "junit.xml", junit)
    try write(verdict.bencherMetrics(), "bencher.json", bencher)
    if let folder { print("files: \(folder)") }
  }

  /// Ends a command with the code of a verdict.
  func conclude(_ verdict: GateVerdict) throws {
    switch verdict.outcome {
    case .pass, .muted: return
    case .regression: throw AlexExit.regression
    case .failed: throw AlexExit.incorrectOrUnavailable
    case .improvement: if failOnImprovement { throw AlexExit.improvement }
    case .environment, .inconclusive: if inconclusive == .fail { throw AlexExit.inconclusive }
    }
  }
}
