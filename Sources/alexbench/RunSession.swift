import Foundation
import Measuring
import Reporting
import Results

/// A run from the command line, from the first look at the host to the last file.
struct RunSession {
  /// Where calibrations of hosts are kept unless said otherwise.
  static let calibrationFolder = "results/calibration"

  let folder: RunFolder
  private(set) var environment: Environment
  private let options: RunOptions
  private let local: LocalHost

  /// Looks at the host and makes the folder.
  /// - Parameter out: the folder's parent.
  init(_ options: RunOptions, local: LocalHost, out: String) throws {
    self.options = options
    self.local = local
    // Before libraries start threads and before anything is pinned.
    let host = HostFingerprint.collect()
    let build = BuildFingerprint.collect()
    let backends = local.backends(customBLAS: options.customBLAS)
    try options.validate(backends: backends.map(\.name))
    let chosen = try Runner.choose(options.backends, from: backends)
    folder = try RunFolder(parent: out)
    environment = Environment(
      runID: folder.runID, startedAt: timestamp(), arguments: CommandLine.arguments,
      seeds: ["weights": options.seed, "inputs": options.seed, "schedule": options.seed],
      build: build, host: host, libraries: libraryEnvironments(of: chosen),
      warnings: options.handicaps.map(\.warning)
        + allWarnings(host: host, build: build, backends: chosen))
    try folder.write(environment)
  }

  /// Says what is known of comparisons on this host.
  mutating func quote(_ calibrations: CalibrationStore) throws {
    environment.calibration = CalibrationSummary(
      try calibrations.rows(hostClass: environment.host.hostClass))
  }

  /// Measures all there is to measure, and writes every file but `environment.json` for the last
  /// time.
  mutating func measure() throws -> RunRecord {
    try folder.write(environment)
    let launches = options.launches
    let runner = try Runner(
      options: options, backends: local.backends(customBLAS: options.customBLAS),
      makeHost: { [local] _ -> any WorkloadHost in
        if launches == nil { return local }
        return try WorkerHost(command: [executablePath(), "worker"])
      }, folder: folder)
    let record = try runner.run()
    environment.warnings += record.warnings
    return record
  }

  /// Sums up, writes the rest, and prints.
  /// - Parameter text: what goes to standard output, from the summary and the environment.
  mutating func finish(
    _ record: RunRecord, printing text: ([SummaryRow], Environment) throws -> String
  ) throws {
    let summary = summarise(
      samples: record.samples, workloads: record.workloads, layers: record.layers,
      roofs: record.roofs)
    try folder.write(summary)
    environment.finishedAt = timestamp()
    environment.loadAfter = HostFingerprint.loadAverage()
    try folder.write(environment)
    print(try text(summary, environment), terminator: "")
    print("files: \(folder.path)")
    try conclude(record)
  }
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
    throw AlexExit.interrupted
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
