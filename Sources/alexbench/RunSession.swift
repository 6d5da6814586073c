import Foundation
import Measuring
import Reporting
import Results

/// A run from the command line, from the first look at the host to the last file.
struct RunSession {
  /// Where calibrations of hosts are kept unless said otherwise.
  static let calibrationFolder = "results/calibration"

  private let folder: RunFolder
  private var environment: Environment
  private let matrix: RunMatrix
  private let local: LocalHost
  private let calibrations: CalibrationStore
  private let earlier: RunProgress?
  private let ledger = TimeLedger()

  /// Looks at the host and makes the folder.
  /// - Parameters:
  ///   - files: that the options came from.
  ///   - out: the folder's parent.
  ///   - calibration: the folder that keeps what is known of hosts.
  ///   - allowsDebugBuild: record times of a debug build all the same.
  init(
    _ options: RunOptions, files: [InputEnvironment] = [], local: LocalHost, out: String,
    calibration: String, allowsDebugBuild: Bool = false
  ) throws {
    self.local = local
    calibrations = CalibrationStore(folder: calibration)
    earlier = nil
    (environment, matrix) = try Self.environment(
      options, local, allowsDebugBuild: allowsDebugBuild)
    folder = try RunFolder(parent: out)
    environment.runID = folder.runID
    environment.arguments = CommandLine.arguments
    environment.options = options.recorded()
    environment.comparisonRule = ComparisonRule.current.rawValue
    environment.inputs = (environment.inputs ?? []) + files
    if !Self.isCalibration(options) {
      environment.calibration = CalibrationSummary(
        try calibrations.rows(hostClass: environment.host.hostClass))
    }
    try folder.write(environment)
  }

  /// Continues a run that was killed or interrupted.
  /// - Returns: nil if it is complete.
  init?(resuming path: String, local: LocalHost, calibration: String) throws {
    let file = path + "/" + Environment.fileName
    environment = try Environment(contentsOf: file)
    guard let record = environment.options else {
      throw MeasuringError.usage("'\(path)' does not record its options; start a new run")
    }
    if try environment.finishedAt != nil && RunFolder.journalLines(in: path) == nil { return nil }
    self.local = local
    calibrations = CalibrationStore(folder: calibration)
    let options = try RunOptions(record, file: file)
    guard ["run", "calibrate"].contains(options.command) else {
      throw MeasuringError.usage("'\(path)' is of '\(options.command)', which cannot be resumed")
    }
    // A run that was let begin with a debug build may go on with it.
    let now: Environment
    (now, matrix) = try Self.environment(
      options, local, allowsDebugBuild: environment.build.refusalToRecord != nil)
    let differences =
      Comparability.differences(environment, now) + Comparability.changedInputs(environment, now)
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

  private static func isCalibration(_ options: RunOptions) -> Bool {
    options.command == "calibrate"
  }

  /// This host, the program, the libraries of the backends asked for, and what is measured.
  /// - Throws: a debug build, unless that is allowed, or options that make no sense.
  static func environment(
    _ options: RunOptions, _ local: LocalHost, allowsDebugBuild: Bool = false
  ) throws -> (Environment, RunMatrix) {
    let build = BuildFingerprint.collect()
    try refuseDebugBuild(build, allowed: allowsDebugBuild)
    // Before libraries start threads and before anything is pinned.
    let host = HostFingerprint.collect()
    let condition = HostCondition(cpus: options.cpus.isEmpty ? host.affinity : options.cpus)
    let matrix = try RunMatrix(options, backends: allBackends(of: local, options))
    let doctor = HostDoctor(
      host: host, condition: condition, build: build, threads: options.threads.max() ?? 1,
      cpus: options.cpus, warnings: HostDoctor.warnings(of: matrix.backends))
    var environment = Environment(
      runID: "", startedAt: timestamp(), arguments: [],
      seeds: ["weights": options.seed, "inputs": options.seed, "schedule": options.seed],
      build: build, host: host, libraries: libraryEnvironments(of: matrix.backends),
      warnings: options.slowDowns.map(\.warning) + matrix.warnings + doctor.findings.warnings)
    environment.inputs =
      try matrix.inputs + matrix.backends.flatMap { try InputEnvironment.files(of: $0) }
    return (environment, matrix)
  }

  /// Measures, writes, and prints the table.
  /// - Parameters:
  ///   - content: what cells show beside times.
  ///   - isVerbose: say on standard error what the time was spent on.
  ///   - store: of references; nil to compute them.
  mutating func complete(
    showing content: CellContent = .rate, isVerbose: Bool = false, store: ReferenceStore? = nil
  ) throws {
    let options = matrix.options
    let runner = Runner(
      matrix,
      makeHost: { [local] _ in
        RoutingHost(
          base: options.launches == nil
            ? local : try WorkerHost(command: [executablePath(), "worker"]))
      }, folder: folder, earlier: earlier, ledger: ledger,
      workerCommand: [try executablePath(), "worker"], otherRuns: try announce(options),
      references: ReferenceCache(store: store))
    let record = try runner.run()
    environment.warnings += record.warnings.filter { !environment.warnings.contains($0) }
    let summary = summarise(
      samples: record.samples, workloads: record.workloads, layers: record.layers,
      roofs: record.roofs)
    try folder.write(summary)
    for excess in RoofExcess.list(summary, layers: record.layers, roofs: record.roofs) {
      environment.warnings.append(excess.warning)
      printError("warning: \(excess.warning)")
    }
    try folder.write(comparison(record).rows)
    var counters = record.counters
    if options.counters != nil {
      counters += DerivedCounters.rows(counters, layers: record.layers)
      try folder.write(counters)
    }
    let calibrationRows = try calibration(record)
    environment.finishedAt = timestamp()
    environment.spentNanoseconds = ledger.record
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
    if calibrationRows == nil, let sentence = comparison(record).netSentence { print(sentence) }
    try conclude(record)
  }

  /// The backends of the run beside each other.
  private func comparison(_ record: RunRecord) -> BackendComparison {
    BackendComparison(
      samples: record.samples, workloads: record.workloads, environment: environment)
  }

  /// What a calibration found, written; nil for another run.
  private func calibration(_ record: RunRecord) throws -> [CalibrationRow]? {
    guard Self.isCalibration(matrix.options) else { return nil }
    let hostClass = environment.host.hostClass
    let rows = calibrate(
      samples: record.samples, workloads: record.workloads, hostClass: hostClass)
    try folder.write(rows)
    // Half a calibration says little of the host.
    if !record.wasInterrupted { try calibrations.add(rows, hostClass: hostClass) }
    return rows
  }
}

/// Lets other runs on this machine know of this one, and says who measures already.
func announce(_ options: RunOptions) throws -> OtherRuns {
  let others = try OtherRuns(options)
  for warning in others.warnings { printError("warning: \(warning)") }
  return others
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
      "alexbench: interrupted; results so far are written, --resume continues from there"
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
