import ArgumentParser
import Foundation
import Measuring
import Reporting
import Results

struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Find the fastest backend of each stage of a net, in place, for backend auto.",
    discussion: """
      Begins with the net of the fastest single backend. Then, stage by stage – a convolution or \
      fully connected layer with what follows it – other backends compute that stage inside of the \
      whole net, beside the best net so far, in pairs of blocks: what changes of layout cost is part \
      of what is compared. A change is kept when its whole 95 % interval is faster, and the stages are \
      gone through again until nothing changes. In the end the net is checked against the float64 \
      reference and measured beside the fastest single backend; if it is not faster, the plan is that \
      backend.

      The plan says for every stage which backend computes it and with which tiles, and also the tiles \
      of the backends alone, so that all take the same ones. It is for one network, batch, number of \
      threads and instruction set each; what the file has for others stays. What is tuned are whole nets \
      in this process: --layer, --problem, --pass, --tile and --program are refused.

      EXAMPLES
        alexbench tune --network alexnet,caffenet --batch 1,10
        alexbench run --network alexnet,caffenet --batch 1,10 --plan plan.csv
        alexbench tune --backend simd,winograd --threads 2 -o mine.csv
      """)

  @OptionGroup var selection: Selection

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The plan; made, or added to.", valueName: "plan.csv"))
  var output = "plan.csv"

  @Option(
    help: ArgumentHelp(
      "After so long no further change is tried in a net, as 60s or 5m.", valueName: "time"))
  var budget = "120s"

  func run() throws {
    try AlexExit.reporting {
      Interruption.install()
      selection.cleanEnvironment()
      try refuseDebugBuild(BuildFingerprint.collect())
      for (name, isThere) in [
        ("--layer", selection.layer != nil), ("--problem", selection.problem != nil),
        ("--pass", selection.pass != nil), ("--tile", selection.tile != nil),
        ("--program", !selection.programs.isEmpty),
      ] where isThere {
        throw MeasuringError.usage("tune is about whole nets in this process and takes no \(name)")
      }
      let options = try selection.options(autoISAs: [.best])
      let isNew = !FileManager.default.fileExists(atPath: output)
      var plan = isNew ? [] : try readPlan(output)
      // What cannot be written is said before minutes of measuring.
      try Schema.plan.write(plan, to: output)
      defer { if isNew && plan.isEmpty { try? FileManager.default.removeItem(atPath: output) } }
      var generator = SystemRandomNumberGenerator()
      let local = selection.localHost()
      let tuner = try Tuner(
        options: options, backends: local.backends(customBLAS: options.customBLAS), host: local,
        runID: RunID.make(using: &generator),
        budgetNanoseconds: try DurationOption.parse(budget))
      let isComplete = try tuner.run { net in
        plan = plan.replaced(by: net.rows)
        try Schema.plan.write(plan, to: output)
        print(TunedNetText(net).lines.joined(separator: "\n"))
      }
      print("plan: \(output); alexbench run --plan \(output) executes it")
      if !isComplete {
        printError("alexbench: interrupted; the plan has what was complete by then")
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
