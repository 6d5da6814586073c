import Foundation
import Measuring
import Reporting
import Results

/// A run from the command line, from the first look at the host to the last file.
struct RunSession {
  /// Where calibrations of hosts are kept unless said otherwise.
  static let calibrationFolder = "results/calibration"

  /// What is made of the samples at the end.
  enum Purpose: String { case run, calibrate }

  private let purpose: Purpose
  private let folder: RunFolder
  private var environment: Environment
  private let options: RunOptions
  private let local: LocalHost
  private let calibrations: CalibrationStore
  private let earlier: RunProgress?
  private let ledger = TimeLedger()

  /// Looks at the host and makes the folder.
  /// - Parameters:
  ///   - out: the folder's parent.
  ///   - calibration: the folder that keeps what is known of hosts.
  ///   - allowsDebugBuild: record times of a debug build all the same.
  init(
    _ purpose: Purpose, _ options: RunOptions, local: LocalHost, out: String, calibration: String,
    allowsDebugBuild: Bool = false
  ) throws {
    self.purpose = purpose
    self.options = options
    self.local = local
    calibrations = CalibrationStore(folder: calibration)
    earlier = nil
    environment = try Self.environment(options, local, allowsDebugBuild: allowsDebugBuild)
    folder = try RunFolder(parent: out)
    environment.runID = folder.runID
    environment.arguments = CommandLine.arguments
    environment.options = options.recorded(command: purpose.rawValue)
    if purpose == .run {
      environment.calibration = CalibrationSummary(
        try calibrations.rows(hostClass: environment.host.hostClass))
    }
    try folder.write(environment)
  }

  /// Takes up a run that was killed or interrupted.
  /// - Returns: nil when it is complete.
  init?(resuming path: String, local: LocalHost, calibration: String) throws {
    let file = path + "/" + Environment.fileName
    environment = try Environment(contentsOf: file)
    guard let record = environment.options, let purpose = Purpose(rawValue: record.command) else {
      throw MeasuringError.usage("'\(path)' does not say what was asked for; start a new run")
    }
    if try environment.finishedAt != nil && RunFolder.journalLines(in: path) == nil { return nil }
    self.purpose = purpose
    self.local = local
    calibrations = CalibrationStore(folder: calibration)
    var options = try RunOptions(record, file: file)
    options.counters?.workerCommand = [try executablePath(), "worker"]
    self.options = options
    // A run that was let begin with a debug build may go on with it.
    let now = try Self.environment(
      options, local, allowsDebugBuild: environment.build.refusalToRecord != nil)
    let differences = Comparability.differences(environment, now)
    guard differences.isEmpty else { throw MeasuringError.notComparable(differences) }
    folder = try RunFolder(resuming: path, runID: environment.runID)
    let earlier = try RunProgress(folder: path)
    try folder.restart(earlier.samples, journalLineCount: earlier.noteCount)
    for notice in earlier.notices { printError("alexbench: \(notice)") }
    self.earlier = earlier
    environment.resumedAt = (environment.resumedAt ?? []) + [timestamp()]
    environment.finishedAt = nil
    try folder.write(environment)
  }

  /// This host, the program, and the libraries of the backends asked for.
  /// - Throws: a debug build, unless that is allowed.
  static func environment(
    _ options: RunOptions, _ local: LocalHost, allowsDebugBuild: Bool = false
  ) throws -> Environment {
    let build = BuildFingerprint.collect()
    try refuseDebugBuild(build, allowed: allowsDebugBuild)
    // Before libraries start threads and before anything is pinned.
    let host = HostFingerprint.collect()
    let condition = HostCondition(cpus: options.cpus.isEmpty ? host.affinity : options.cpus)
    let backends = try allBackends(of: local, options)
    try options.validate(backends: backends.map(\.name))
    let chosen = try options.chosenBackends(from: backends)
    let doctor = HostDoctor(
      host: host, condition: condition, build: build, threads: options.threads.max() ?? 1,
      cpus: options.cpus, warnings: HostDoctor.warnings(of: chosen))
    return Environment(
      runID: "", startedAt: timestamp(), arguments: [],
      seeds: ["weights": options.seed, "inputs": options.seed, "schedule": options.seed],
      build: build, host: host, libraries: libraryEnvironments(of: chosen),
      warnings: options.handicaps.map(\.warning) + doctor.findings.warnings)
  }

  /// Measures, writes, and prints the table.
  /// - Parameters:
  ///   - content: what cells show beside times.
  ///   - isVerbose: say on standard error what the time was spent on.
  mutating func complete(showing content: CellContent = .rate, isVerbose: Bool = false) throws {
    let launches = options.launches
    let backends = try allBackends(of: local, options)
    let runner = try Runner(
      options: options, backends: backends,
      makeHost: { [local] _ -> any WorkloadHost in
        let base: any WorkloadHost =
          launches == nil ? local : try WorkerHost(command: [executablePath(), "worker"])
        return RoutingHost(base: base, backends: backends)
      }, folder: folder, earlier: earlier, ledger: ledger)
    let record = try runner.run()
    environment.warnings += record.warnings.filter { !environment.warnings.contains($0) }
    let summary = summarise(
      samples: record.samples, workloads: record.workloads, layers: record.layers,
      roofs: record.roofs)
    try folder.write(summary)
    try folder.write(compare(samples: record.samples, workloads: record.workloads))
    var counters = record.counters
    if options.counters != nil {
      counters += DerivedCounters.rows(counters, layers: record.layers)
      try folder.write(counters)
    }
    let calibrationRows = try calibration(record)
    environment.finishedAt = timestamp()
    environment.loadAfter = HostFingerprint.loadAverage()
    try folder.write(environment)
    if !record.wasInterrupted { folder.removeJournal() }
    if isVerbose { for line in ledger.lines { printError(line) } }
    let text =
      calibrationRows.map { CalibrationTable($0).terminal() }
      ?? RunTable(
        summary: summary, roofs: record.roofs, counters: counters, showing: content,
        warnings: environment.warnings, calibration: environment.calibration
      ).terminal(isBold: isatty(1) == 1)
    print(text, terminator: "")
    print("files: \(folder.path)")
    try conclude(record)
  }

  /// What a calibration found, written; nil for another run.
  private func calibration(_ record: RunRecord) throws -> [CalibrationRow]? {
    guard purpose == .calibrate else { return nil }
    let hostClass = environment.host.hostClass
    let rows = calibrate(
      samples: record.samples, workloads: record.workloads, hostClass: hostClass)
    try folder.write(rows)
    // Half a calibration says little of the host.
    if !record.wasInterrupted { try calibrations.add(rows, hostClass: hostClass) }
    return rows
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
    printError(
      "alexbench: interrupted; what was measured until then is written, --resume goes on from there"
    )
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
