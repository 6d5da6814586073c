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
      (every timed block), workloads.csv, layers.csv, roofs.csv, summary.csv, environment.json, and \
      where there is something to tell plan.csv (tiles tried and chosen) and phases.csv.

      Every round also probes what the machine can do at most, the roofs: multiply-adds with each \
      instruction set, and reading from each level of cache and from memory. With --show roof the \
      cells have the percentage of the nearest roof.

      EXAMPLES
        alexbench run --quick
        alexbench run --network caffenet --batch 1,10 --threads 1,2
        alexbench run --layer conv2,fc6 --backend simd,im2col-openblas --rounds 40
        alexbench run --layer conv3 --backend winograd --tile 4 --cache warm,cold-weights --phases
        alexbench run --problem "c96 h27 w27 k256 r5 p2 g2" --isa baseline,avx2
        alexbench run --blas mkl=/opt/intel/oneapi/mkl/latest/lib/libmkl_rt.so
      """)

  @OptionGroup var selection: Selection

  @Flag(help: "A short run: 6 rounds, short warm-ups, about two minutes at most.")
  var quick = false

  @Option(help: "Rounds at least; whole Williams squares are run. (default: 20, quick: 6)")
  var rounds: Int?

  @Option(
    help: "Measure in this many fresh processes, one after the other. (default: in this one)")
  var launches: Int?

  @Option(
    help: ArgumentHelp(
      "What is in the caches when a layer is measured alone: warm, cold-weights, or both.",
      discussion: """
        cold-weights gives every call weights of its own from a ring larger than twice the \
        last-level cache, while inputs stay warm: what a layer meets in a net.
        """))
  var cache: CommaList<CacheMode>?

  @Flag(
    help: "Also time phases (im2col, pack, gemm, transforms, …) in calls of their own: phases.csv.")
  var phases = false

  @Option(
    help: ArgumentHelp(
      "Take the tiles that an earlier run chose, from its folder or its plan.csv.",
      valueName: "path"))
  var plan: String?

  @Option(
    help: ArgumentHelp(
      "Slow a layer down on purpose, to see whether a comparison notices; may be repeated.",
      discussion: """
        conv3=15% for every backend, simd:conv3=15% for one: the clock runs on for that share after \
        each timed block of the layer, and in nets for the layer's part of it. Everything that is \
        slowed down says so.
        """, valueName: "[BACKEND:]LAYER=PCT"))
  var handicap: [String] = []

  @Option(
    help: """
      What cells show beside the time: rate (GFLOP/s, counted as direct convolution), or roof \
      (percent of what peak arithmetic and the bandwidth of memory allow; may exceed 100 where an \
      algorithm needs fewer operations).
      """)
  var show = CellContent.rate

  @Option(help: "Folder in which the run makes a folder of its own.")
  var out = "results/runs"

  func run() throws {
    try AlexExit.reporting {
      Interruption.install()
      selection.cleanEnvironment()
      var options = try selection.options(autoISAs: [.best])
      if quick { options.makeQuick() }
      if let rounds { options.rounds = rounds }
      options.launches = launches
      options.caches = cache?.elements ?? [.warm]
      options.measuresPhases = phases
      options.handicaps = try handicap.map { text throws in try Handicap(text) }
      if let plan { options.plan = try readPlan(plan) }
      // Before libraries start threads and before anything is pinned.
      let host = HostFingerprint.collect()
      let build = BuildFingerprint.collect()
      let local = selection.localHost()
      let backends = try selection.backends(of: local)
      try options.validate(backends: backends.map(\.name))
      let chosen = try Runner.choose(options.backends, from: backends)
      let folder = try RunFolder(parent: out)
      var environment = Environment(
        runID: folder.runID, startedAt: timestamp(), arguments: CommandLine.arguments,
        seeds: ["weights": options.seed, "inputs": options.seed, "schedule": options.seed],
        build: build, host: host, libraries: libraryEnvironments(of: chosen),
        warnings: options.handicaps.map(\.warning)
          + allWarnings(host: host, build: build, backends: chosen))
      try folder.write(environment)
      let runner = try Runner(
        options: options, backends: backends,
        makeHost: { _ -> any WorkloadHost in
          let base: any WorkloadHost =
            launches == nil ? local : try WorkerHost(command: [executablePath(), "worker"])
          return RoutingHost(base: base, backends: chosen)
        }, folder: folder)
      let record = try runner.run()
      environment.warnings += record.warnings
      try finish(record, folder, &environment)
    }
  }

  /// Writes and prints what there is, and ends with the code that says how it went.
  private func finish(
    _ record: RunRecord, _ folder: RunFolder, _ environment: inout Environment
  ) throws {
    let summary = summarise(
      samples: record.samples, workloads: record.workloads, layers: record.layers,
      roofs: record.roofs)
    try folder.write(summary)
    environment.finishedAt = timestamp()
    environment.loadAfter = HostFingerprint.loadAverage()
    try folder.write(environment)
    let table = RunTable(
      summary: summary, roofs: record.roofs, showing: show, warnings: environment.warnings)
    print(table.terminal(isBold: isatty(1) == 1), terminator: "")
    print("files: \(folder.path)")
    try conclude(record)
  }
}

/// The tiles of an earlier run.
/// - Parameter path: of its `plan.csv`, or of the folder that holds it.
func readPlan(_ path: String) throws -> [PlanRow] {
  var isFolder: ObjCBool = false
  if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
    return try Schema.plan.rows(inFolder: path)
  }
  return try Schema.plan.rows(contentsOf: path)
}

/// Ends a command with the code that says how its run went.
func conclude(_ record: RunRecord) throws {
  for row in record.incorrect {
    printError(
      "alexbench: \(row.key.backend) (\(row.key.isa)) at \(row.key.network) \(row.key.layer), "
        + "batch \(row.key.batch), \(row.status.rawValue): \(row.reason)")
  }
  if record.wasInterrupted {
    printError("alexbench: interrupted; what was measured until then is written")
    throw ExitCode(128 + (Interruption.signalNumber ?? SIGINT))
  }
  if !record.incorrect.isEmpty { throw AlexExit.incorrectOrUnavailable }
  if !record.hasAnyResult {
    printError("alexbench: nothing was measured; the table says why")
    throw AlexExit.incorrectOrUnavailable
  }
}

/// Now, as files write it.
func timestamp() -> String {
  ISO8601DateFormatter().string(from: Date())
}

/// The file of this program.
func executablePath() throws -> String {
  do {
    return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  } catch {
    throw MeasuringError.worker("cannot find this program's own file: /proc/self/exe is missing")
  }
}
