import ArgumentParser
import Files
import Foundation
import Measuring
import Reporting
import Results

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Look for regressions: is this build slower than another one?",
    discussion: """
      --against measures another build of this program and this one in pairs of fresh processes, block \
      beside block: by default the layers and the net of AlexNet with simd and winograd. Whatever looks \
      slower, or scatters too much to tell, is measured again. It is a regression if that proves it \
      slower by more than the margin, and it is slower by more than 20 µs and 0.2 % of the net, while \
      two things stand still: the other build compared with itself, and work that no code changes. \
      --slow-down slows this build down on purpose.

      --baseline compares with a run that 'alexbench baseline save' kept for this class of hosts, and \
      measures what that run measured. --replay decides again about the recorded pairs of a check. \
      --deterministic counts the instructions of our own kernels under callgrind, layer by layer, and \
      compares them with the accepted counts. Counts hold for one compiler, C library and valgrind.

      The article "Set up CI" in Sources/Reporting explains the rule and its use in workflows.

      EXAMPLES
        alexbench check --against ../main/.build/release/alexbench
        alexbench check --against old --backend simd --layer conv2,conv3 --quick
        alexbench check --baseline before
        alexbench check --replay results/checks/20261124T101009Z-svxcdr
        alexbench check --deterministic

      EXIT CODES
        0   nothing is slower
        2   something is slower, or more or other instructions than accepted
        3   a check failed, a program crashed or hung, or something you asked for is not available
        4   something is faster, with --fail-on-improvement
        5   no baseline, or not comparable; another version of the worker protocol
        6   cannot write
        75  no clear result: too noisy for the whole budget, or it need not be the code
      """)

  @Option(
    help: ArgumentHelp(
      "Another build of alexbench, to compare this one with.", valueName: "binary"))
  var against: String?

  @Option(help: ArgumentHelp("Compare with a baseline of this class of hosts.", valueName: "name"))
  var baseline: String?

  @Option(
    help: ArgumentHelp(
      "Decide again about recorded pairs: a pairs.csv, or the folder of a check.",
      valueName: "path"))
  var replay: String?

  @Flag(help: "Compare instruction counts with the accepted counts.")
  var deterministic = false

  @Option(help: "File of the accepted counts, for --deterministic.")
  var counts = "results/baselines/counts.csv"

  @Flag(help: "With --deterministic: show what changed, and accept it.")
  var accept = false

  @OptionGroup(title: "What is measured") var selection: Selection

  @Option(
    help: "Pairs of launches in the first stage, at least 6. (default: 8, --quick: 6)",
    transform: CountRange.pairs.parse)
  var pairs: Int?

  @Flag(
    help: """
      6 pairs in at most 3 minutes: less time for each, one control, and no layers below 20 µs unless \
      --layer names them.
      """)
  var quick = false

  @Option(help: "Time limit of both stages together. (default: 8m, --quick: 3m)")
  var budget: String?

  @Flag(name: .shortAndLong, help: "Report on standard error what the time was spent on.")
  var verbose = false

  @Option(help: "A program that does not answer for this long counts as hung.")
  var timeout = "120s"

  @OptionGroup var slowDownArguments: SlowDownArguments

  @Option(help: "Parent folder; the check makes a folder in it.")
  var out = "results/checks"

  @Option(help: "Folder of the baselines.")
  var baselines = BaselineFolder.standard

  @OptionGroup(title: "Verdict") var gate: GateArguments

  func run() throws {
    try AlexExit.reporting {
      let modes = [against != nil, baseline != nil, replay != nil, deterministic]
      guard modes.count(where: { $0 }) == 1 else {
        throw MeasuringError.usage(
          "check needs exactly one of --against, --baseline, --replay and --deterministic")
      }
      try gate.check(
        inputs: selection.inputFiles + [NamedFile("--counts", counts)]
          + (replay.map(NamedFile.run) ?? [])
          + (baseline.map { BaselineStore(folder: baselines).files($0) } ?? []))
      if deterministic { return try CountCheck(counts: counts, isAccepting: accept).run() }
      if let replay { return try decideAgain(replay) }
      Interruption.install()
      selection.cleanEnvironment()
      if let against { try AgainstCheck(self, base: against).run() }
      if let baseline {
        var check = try BaselineCheck(self, name: baseline)
        try check.run()
      }
    }
  }

  private func decideAgain(_ path: String) throws {
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let rows =
      isThere && isFolder.boolValue
      ? try Schema.pairs.rows(inFolder: path) : try Schema.pairs.rows(contentsOf: path)
    let verdict = judge(rows, policy: try gate.gatePolicy())
    try gate.report(verdict, title: "alexbench check --replay")
    try gate.conclude(verdict)
  }

  var pairCount: Int { pairs ?? (quick ? 6 : 8) }

  func budgetSeconds() throws -> Double {
    Double(try DurationOption.parse(budget ?? (quick ? "3m" : "8m"))) / 1e9
  }

  func timeoutDuration() throws -> Duration { .nanoseconds(try DurationOption.parse(timeout)) }

  func slowDowns() throws -> [SlowDown] { try slowDownArguments.slowDowns() }
}
