import ArgumentParser
import Foundation
import Kernels
import Measuring
import Reporting
import Results

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Check, then time layers and full nets; write a folder of CSV files.",
    discussion: """
      Backends take turns in rounds, so that drift of the machine meets all alike. A table goes to \
      standard output, progress to standard error, and the files of the run to --out: samples.csv \
      (every timed block), workloads.csv, layers.csv, roofs.csv, summary.csv, compare.csv (pairs of \
      backends), environment.json, and where there is something to tell plan.csv (tiles tried and \
      chosen), phases.csv and counters.csv.

      Every round also probes what the machine can do at most, the roofs: multiply-adds with each \
      instruction set, and reading from each level of cache and from memory. With --show roof the \
      cells have the percentage of the nearest roof, with --show counters what was counted.

      Tables have milliseconds per call and GFLOP/s, a multiply-add counting as two, files nanoseconds. \
      The article "Read the results" in Sources/Reporting goes through a table.

      EXAMPLES
        alexbench run --quick
        alexbench run --network caffenet --batch 1,10 --threads 1,2
        alexbench run --layer conv2,fc6 --backend simd,im2col-openblas --rounds 40
        alexbench run --layer conv3 --backend winograd --tile 4 --cache warm,cold-weights --breakdown
        alexbench run --quick --counters auto --show counters
        alexbench run --plan plan.csv --backend auto,simd,winograd,onednn
        alexbench run --problem "c96 h27 w27 k256 r5 p2 g2" --isa baseline,avx2
        alexbench run --blas mkl=/opt/intel/oneapi/mkl/latest/lib/libmkl_rt.so

      EXIT CODES
        0        fine
        3        a check failed, or something that was asked for is not there
        5        --resume on another host, or with another program or other libraries
        6        cannot write
        130/143  interrupted; --resume goes on from what is written
      """)

  @OptionGroup var selection: Selection

  @Flag(help: "A short run: 6 rounds, short warm-ups, about two minutes at most.")
  var quick = false

  @Option(help: "Rounds at least; whole Williams squares are run. (default: 20, quick: 6)")
  var rounds: Int?

  @Option(
    help: ArgumentHelp(
      "Rounds until every backend's 95 % interval is within this percentage of its median.",
      discussion: """
        Looked at after every whole square, from 6 rounds (or --rounds) to 500. It is for looking at \
        one run: comparisons that a decision hangs on take a number of rounds chosen beforehand.
        """, valueName: "pct"))
  var precision: String?

  @Option(
    help: ArgumentHelp(
      "Time of the whole run, as 60s, 5m or 1h: layers and nets get shares of it and fill them.",
      discussion: """
        Shares follow what each needs at least. One square of rounds is measured even where that \
        takes longer. Without --backend, plain loops are left out of what they would take more than \
        a quarter of; the table says so.
        """, valueName: "time"))
  var budget: String?

  @Flag(name: .shortAndLong, help: "Say on standard error what the time was spent on.")
  var verbose = false

  @Option(
    help: "Measure in this many fresh processes, one after the other. (default: in this one)")
  var launches: Int?

  @Option(
    help: ArgumentHelp(
      "What is in the caches when a layer is measured alone: warm, cold-weights, cold, or several.",
      discussion: """
        cold-weights gives every call weights of its own from a ring larger than twice the \
        last-level cache, while inputs stay warm: what a layer meets in a net. With cold every call \
        has inputs and outputs of its own as well.
        """))
  var cache: CommaList<CacheMode>?

  @Flag(
    help: """
      Also break the time of each layer down into phases (im2col, pack, gemm, transforms, …), in \
      separate calls: phases.csv.
      """)
  var breakdown = false

  /// The name of `--breakdown` up to now, for one more release.
  @Flag(name: .customLong("phases"), help: .hidden)
  var oldBreakdown = false

  @OptionGroup var counterArguments: CounterArguments

  @OptionGroup var planArguments: PlanArguments

  @OptionGroup var slowDownArguments: SlowDownArguments

  @Option(
    help: """
      What cells show beside the time: rate (GFLOP/s, counted as direct convolution), roof \
      (percent of what peak arithmetic and the bandwidth of memory allow; may exceed 100 where an \
      algorithm needs fewer operations), or counters (instructions per cycle; where they cannot be \
      counted, processors in use).
      """)
  var show = CellContent.rate

  @Option(help: "Folder in which the run makes a folder of its own.")
  var out = "results/runs"

  @Option(help: "Folder of the calibrations of hosts, see 'alexbench help calibrate'.")
  var calibration = RunSession.calibrationFolder

  @Option(
    help: ArgumentHelp(
      "Go on with a run that was killed or interrupted, in its folder.",
      discussion: """
        It is measured as it was asked for: of other options only --show, --env-clean, \
        --calibration and --verbose may stand beside it. What is complete is not repeated; of a round that was \
        under way nothing is kept. Exit code 5, with the fields that differ, when the host, the \
        program or the libraries are not the same: such times cannot stand in one run.
        """, valueName: "folder"))
  var resume: String?

  @Flag(help: "Record times of a debug build too, to try things out.")
  var allowDebug = false

  @Flag(help: "Only say what would be measured, with estimates of time and memory.")
  var dryRun = false

  func run() throws {
    try AlexExit.reporting {
      Interruption.install()
      selection.cleanEnvironment()
      if let resume { return try goOn(resume) }
      let options = try options()
      if dryRun {
        let matrix = try RunMatrix(
          options, backends: allBackends(of: selection.localHost(), options))
        let earlier = earlierRun()
        let forecast = RunForecast(matrix, earlier: earlier.summary, roofs: earlier.roofs)
        return print(forecast.text, terminator: "")
      }
      var session = try RunSession(
        options, local: selection.localHost(), out: out, calibration: calibration,
        allowsDebugBuild: allowDebug)
      try session.complete(showing: show, isVerbose: verbose)
    }
  }

  private func options() throws -> RunOptions {
    var options = try selection.options(autoISAs: [.best])
    if precision != nil || budget != nil { options.makeOpenEnded() }
    if quick { options.makeQuick() }
    if let precision { options.precision = try PrecisionOption.parse(precision) }
    if let budget { options.budgetNanoseconds = try DurationOption.parse(budget) }
    if let rounds { options.rounds = rounds }
    options.launches = launches
    options.caches = cache?.elements ?? [.warm]
    options.measuresPhases = breakdown || oldBreakdown
    try counterArguments.apply(to: &options)
    options.slowDowns = try slowDownArguments.slowDowns()
    options.plan = try planArguments.rows()
    return options
  }

  private func goOn(_ folder: String) throws {
    let allowed = ["--resume", "--show", "--env-clean", "--calibration", "--verbose", "-v"]
    let names = CommandLine.arguments.dropFirst(2).filter { $0.hasPrefix("-") }
      .map { String($0.prefix { $0 != "=" }) }
    if let other = names.first(where: { !allowed.contains($0) }) {
      throw MeasuringError.usage("\(other) cannot be changed for a run that is resumed")
    }
    guard
      var session = try RunSession(
        resuming: folder, local: selection.localHost(), calibration: calibration)
    else {
      print("\(folder) is complete")
      return
    }
    try session.complete(showing: show, isVerbose: verbose)
  }

  /// The latest complete run in the folder of runs, to estimate from; empty where there is none.
  private func earlierRun() -> (summary: [SummaryRow], roofs: [RoofRow]) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []
    for name in names.sorted().reversed() {
      // Runs of other versions or half written ones are of no use here.
      guard let summary = try? Schema.summary.rows(inFolder: out + "/" + name) else { continue }
      return (summary, (try? Schema.roofs.rowsIfPresent(inFolder: out + "/" + name)) ?? [])
    }
    return ([], [])
  }
}

/// Layers that are slowed down on purpose.
struct SlowDownArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Slow a layer down on purpose, to see whether a comparison notices; may be repeated.",
      discussion: """
        conv3=15% for every backend, simd:conv3=15% for one: the clock runs on for that share after \
        each timed block of the layer, and in nets for the layer's part of it. Everything that is \
        slowed down says so. With check it is this program's side that is slowed down.
        """, valueName: "[BACKEND:]LAYER=PCT"))
  var slowDown: [String] = []

  /// The name of the option until release 0.2.
  @Option(help: .hidden)
  var handicap: [String] = []

  func slowDowns() throws -> [SlowDown] {
    try (slowDown + handicap).map { text throws in try SlowDown(text) }
  }
}
