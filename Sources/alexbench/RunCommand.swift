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
      Backends take turns in rounds, so that drift of the machine affects all alike. The table goes to \
      standard output, progress to standard error, and the files of the run to --out: samples.csv \
      (every timed block), workloads.csv, layers.csv, roofs.csv, summary.csv, compare.csv (pairs of \
      backends), environment.json, and if there is something to record plan.csv (tiles tried and \
      chosen), phases.csv and counters.csv.

      Every ten seconds it also probes the roofs, the most that the machine can do: multiply-adds with \
      each instruction set, and reading from each level of cache and from memory, each with the \
      fastest of several loops. What is faster than its roof is a warning. --show roof puts the \
      percentage of the nearest roof into the cells, --show counters what was counted.

      Tables have milliseconds per call and GFLOP/s (a multiply-add counts as two operations); files \
      have nanoseconds. The article "Read the results" in Sources/Reporting explains a table.

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
        0        success
        3        a check failed, or something you asked for is not available
        5        --resume on another host, or with another program, library or network; a plan
                 for another network
        6        cannot write
        130/143  interrupted; --resume continues from what is written
      """)

  @OptionGroup var selection: Selection

  @Flag(
    help: """
      A short run: short warm-ups, as many rounds as verdicts take, two and a half minutes at most \
      (--budget changes that).
      """)
  var quick = false

  @Option(
    help: "Minimum rounds; rounded up to whole Williams squares. (default: 20, quick: as needed)",
    transform: CountRange.rounds.parse)
  var rounds: Int?

  @Option(
    help: ArgumentHelp(
      "Measure until every backend's 95 % interval is within this percentage of its median.",
      discussion: """
        Evaluated after every whole square, from 6 rounds (or --rounds) to 500. Use it to explore. If \
        a decision depends on a comparison, choose the number of rounds beforehand.
        """, valueName: "pct"))
  var precision: String?

  @Option(
    help: ArgumentHelp(
      "Time that the whole run fills, for example 60s, 5m or 1h; divided among layers and nets.",
      discussion: """
        Shares depend on the minimum that each needs. At least one square of rounds is measured, even \
        if that takes longer. Without --backend, plain loops are left out where they would take more \
        than a quarter of the time; the table says so.
        """, valueName: "time"))
  var budget: String?

  @Flag(name: .shortAndLong, help: "Report on standard error what the time was spent on.")
  var verbose = false

  @Flag(
    help: ArgumentHelp(
      "Compute the float64 references anew, and keep none.",
      discussion: """
        Otherwise they are kept in ~/.cache/alexbench, 1 GiB at most. ALEXBENCH_CACHE names another \
        folder; ALEXBENCH_CACHE=off is the same as this option.
        """))
  var noCache = false

  @Option(
    help: "Measure in this many fresh processes, one after the other. (default: in this one)",
    transform: CountRange.launches.parse)
  var launches: Int?

  @Option(
    help: ArgumentHelp(
      "State of the caches when a layer is measured alone: warm, cold-weights, cold, or several.",
      discussion: """
        With cold-weights every call uses the next copy of the weights, from a ring larger than twice \
        the last-level cache, while inputs stay warm, as in a net. With cold every call also uses the \
        next copy of inputs and outputs.
        """))
  var cache: [CommaList<CacheMode>] = []

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
      (percentage of what peak arithmetic and memory bandwidth allow; exceeds 100 if an algorithm \
      needs fewer operations), or counters (instructions per cycle; if these cannot be counted, \
      processors in use).
      """)
  var show = CellContent.rate

  @Option(help: "Parent folder; the run makes a folder in it.")
  var out = "results/runs"

  @Option(help: "Folder of calibrations, see 'alexbench help calibrate'.")
  var calibration = RunSession.calibrationFolder

  @Option(
    help: ArgumentHelp(
      "Continue a run that was killed or interrupted, in its folder.",
      discussion: """
        The run keeps its options; only --show, --env-clean, --calibration and --verbose may be given \
        again. Nothing complete is repeated; an unfinished round is discarded. Exit code 5, with the \
        fields that differ, if the host, the program or the libraries are not the same: such times \
        do not belong in one run.
        """, valueName: "folder"))
  var resume: String?

  @Flag(help: "Accept a debug build, to try things out.")
  var allowDebug = false

  @Flag(help: "Only print what would be measured, with estimates of time and memory.")
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
        options, files: try planArguments.files(), local: selection.localHost(), out: out,
        calibration: calibration, allowsDebugBuild: allowDebug)
      try session.complete(showing: show, isVerbose: verbose, store: store)
    }
  }

  /// References of earlier runs.
  private var store: ReferenceStore? { noCache ? nil : ReferenceStore() }

  private func options() throws -> RunOptions {
    var options = try selection.options(autoISAs: [.best])
    if precision != nil || budget != nil { options.makeOpenEnded() }
    if quick { options.makeQuick() }
    if let rounds {
      // Where a precision or a budget decides, these are the least.
      if precision == nil, budget == nil {
        options.fix(rounds: rounds)
      } else {
        options.rounds = rounds
      }
    }
    if let precision { options.precision = try PercentRange.precision.parse(precision) / 100 }
    if let budget { options.budgetNanoseconds = try DurationOption.parse(budget) }
    options.launches = launches
    options.caches = cache.elementsIfGiven() ?? [.warm]
    options.measuresPhases = breakdown || oldBreakdown
    try counterArguments.apply(to: &options)
    options.slowDowns = try slowDownArguments.slowDowns()
    options.plan = try planArguments.rows()
    return options
  }

  private func goOn(_ folder: String) throws {
    let allowed = [
      "--resume", "--show", "--env-clean", "--calibration", "--verbose", "-v", "--no-cache",
    ]
    let names = CommandLine.arguments.dropFirst(2).filter { $0.hasPrefix("-") }
      .map { String($0.prefix { $0 != "=" }) }
    if let other = names.first(where: { !allowed.contains($0) }) {
      throw MeasuringError.usage("\(other) cannot be changed when a run is resumed")
    }
    guard
      var session = try RunSession(
        resuming: folder, local: selection.localHost(), calibration: calibration)
    else {
      print("\(folder) is complete")
      return
    }
    try session.complete(showing: show, isVerbose: verbose, store: store)
  }

  /// The latest complete run, on which estimates are based; empty without one.
  private func earlierRun() -> (summary: [SummaryRow], roofs: [RoofRow]) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []
    for name in names.sorted().reversed() {
      // Skip runs of other versions, and incomplete ones.
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
        each timed block of the layer, and in nets for the layer's part of it; net=15% slows down \
        whole nets alone. Everything that is \
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
