import ArgumentParser
import Files
import Foundation
import Measuring
import Reporting
import Results

struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Find the fastest backend for each stage of a net; write a plan for backend auto.",
    discussion: """
      Starts with the fastest single backend. Then, stage by stage (a convolution or fully connected \
      layer with what follows it), other backends compute that stage inside the whole net, compared \
      with the best net so far in pairs of blocks, including the cost of changes of layout. A change \
      is kept if its whole 95 % interval is faster. Passes over the stages repeat until nothing \
      changes. Finally the net is checked against the float64 reference and compared with the fastest \
      single backend; if it is not faster, the plan is that backend.

      The plan names the backend and the tiles of each stage, and also the tiles of the single \
      backends, so that all use the same ones. It is for one combination of network, batch size, \
      number of threads and instruction set; entries of the file for others stay. Only whole nets in \
      this process are tuned: --layer, --problem, --pass, --tile and --program are refused.

      EXAMPLES
        alexbench tune --network alexnet,caffenet --batch 1,10
        alexbench run --network alexnet,caffenet --batch 1,10 --plan plan.csv
        alexbench tune --backend simd,winograd --threads 2 -o mine.csv
      """)

  @OptionGroup var selection: Selection

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The plan to write, or to extend.", valueName: "plan.csv"))
  var output = "plan.csv"

  @Option(
    help: ArgumentHelp(
      "Time per net after which no further change is tried, for example 60s or 5m.",
      valueName: "time"))
  var budget = "120s"

  func run() throws {
    try AlexExit.reporting {
      Interruption.install()
      selection.cleanEnvironment()
      try refuseDebugBuild(BuildFingerprint.collect())
      for (name, isThere) in [
        ("--layer", !selection.layer.isEmpty), ("--problem", selection.problem != nil),
        ("--pass", !selection.pass.isEmpty), ("--tile", !selection.tile.isEmpty),
        ("--program", !selection.programs.isEmpty),
      ] where isThere {
        throw MeasuringError.usage("tune works on whole nets in this process and takes no \(name)")
      }
      let options = try selection.options(autoISAs: [.best])
      try NamedFile.check(outputs: [NamedFile("-o", output)], inputs: selection.inputFiles)
      // What cannot be written is said before minutes of measuring.
      try Schema.plan.checkUpdate(output)
      let otherRuns = try announce(options)
      var generator = SystemRandomNumberGenerator()
      let local = selection.localHost()
      let tuner = try Tuner(
        options: options, backends: local.backends(customBLAS: options.customBLAS), host: local,
        runID: RunID.make(using: &generator),
        budgetNanoseconds: try DurationOption.parse(budget))
      let isComplete = try tuner.run { net in
        try Schema.plan.update(output) { $0.replaced(by: net.rows) }
        print(TunedNetText(net).lines.joined(separator: "\n"))
      }
      otherRuns.look()
      for warning in otherRuns.warnings { printError("warning: \(warning)") }
      print("plan: \(output); alexbench run --plan \(output) executes it")
      if !isComplete {
        printError("alexbench: interrupted; the plan has what was complete")
        throw AlexExit.interrupted
      }
    }
  }
}

/// What tuning found for one net, for people.
struct TunedNetText {
  let net: TunedNet
  init(_ net: TunedNet) { self.net = net }

  var lines: [String] {
    var lines = [
      "\(net.network), batch \(net.batch), \(net.threads) thread\(net.threads == 1 ? "" : "s"), "
        + net.isa
    ]
    lines += net.leftOut.map { "  without \($0.backend): \($0.reason)" }
    lines.append(
      "  alone: "
        + net.singles.map { "\($0.backend) \(milliseconds($0.nanoseconds))" }
        .joined(separator: ", "))
    let width = net.stages.map(\.stage.count).max() ?? 0
    for (stage, choice) in net.stages {
      lines.append(
        "  \(stage)\(String(repeating: " ", count: width - stage.count))  \(choice.description)")
    }
    let tried =
      "\(net.trialCount) changes tried in place, \(net.keptCount) kept"
      + (net.isCutShort ? "; the time was used up before all were tried, see --budget" : "")
    let best = net.singles.first?.backend ?? ""
    if let ratio = net.ratio {
      lines.append(
        "  auto: \(milliseconds(net.nanoseconds)), \(fraction(ratio.median)) of \(best)'s time "
          + "(\(fraction(ratio.lower)) to \(fraction(ratio.upper))); \(tried)")
    } else {
      lines.append(
        "  auto: \(best) alone, \(milliseconds(net.nanoseconds)); \(tried)")
    }
    return lines
  }

  private func milliseconds(_ nanoseconds: Double) -> String {
    String(format: "%.3f ms", nanoseconds / 1e6)
  }

  private func fraction(_ value: Double) -> String { String(format: "%.3f", value) }
}
