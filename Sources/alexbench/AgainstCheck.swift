import Foundation
import Measuring
import Reporting
import Results
import Tensors

/// `check --against`: another build and this one, in pairs of fresh processes.
struct AgainstCheck {
  private let command: CheckCommand
  private let base: String
  private let policy: GatePolicy

  /// The first stage leaves some of the time to the second, which measures less.
  private static let firstShare = 0.85
  /// A quick check leaves out layers that are shorter, of which only a multiple would matter.
  private static let shortNanoseconds = 20_000.0

  /// - Parameter base: path of the other build.
  init(_ command: CheckCommand, base: String) throws {
    self.command = command
    self.base = base
    policy = try command.gate.gatePolicy()
  }

  func run() throws {
    guard FileManager.default.isExecutableFile(atPath: base) else {
      throw ResultsError.missing(path: base)
    }
    var options = try command.selection.options(
      autoISAs: [.best], backends: ["simd", "winograd"])
    options.rounds = command.quick ? 2 : 4
    options.warmUpNanoseconds = command.quick ? 100_000_000 : 300_000_000
    options.slowDowns = try command.slowDowns()
    options.command = "check"
    let pairs = command.pairCount
    let seconds = try command.budgetSeconds()
    let timeout = try command.timeoutDuration()
    let local = command.selection.localHost()
    var (environment, _) = try RunSession.environment(options, local)
    environment.arguments = CommandLine.arguments
    environment.options = options.recorded()
    let path = try executablePath()
    let otherRuns = try announce(options)
    let runner = try PairedRunner(
      options: options, backends: allBackends(of: local, options),
      base: try program(base, environment), head: try program(path, environment),
      command: "alexbench " + ShellText.command(["check", "--against", base]), timeout: timeout,
      hasSingleControl: command.quick, otherRuns: otherRuns)
    // Only now, so that what cannot be measured leaves nothing behind.
    let folder = try RunFolder(parent: command.out)
    environment.runID = folder.runID
    runner.record(in: folder)
    try folder.write(environment)
    try folder.write(runner.layers)
    print(
      "\(pairs) pairs of launches, each with \(runner.workloadCount) layers and nets on both sides; "
        + "what looks slower is measured again in as many pairs; at most "
        + "\(DurationText.short(seconds: seconds)) (--budget)")
    let start = ContinuousClock.now
    var rows: [PairRow] = []
    var leftOut: Set<WorkloadKey> = []
    func add(_ new: [PairRow]) throws {
      if rows.isEmpty, command.quick, options.layers == nil { leftOut = Self.short(new) }
      rows += new.filter { !leftOut.contains(Self.name($0.key)) }
      try Schema.pairs.write(rows, inFolder: folder.path)
    }
    let count = try runner.measure(
      attempt: 1, pairs: pairs, seconds: Self.firstShare * seconds,
      isWanted: { !leftOut.contains(Self.name($0)) }, each: add)
    try stopIfInterrupted(runner, folder)
    if count < pairs {
      printError("alexbench: there was time for only \(count) of \(pairs) pairs; see --budget")
    }
    let suspects = judge(rows, policy: policy).suspects.filter { $0.outcome != .environment }
    if !suspects.isEmpty {
      let rest = seconds - (ContinuousClock.now - start) / .seconds(1)
      let again = secondStage(suspects, seconds: rest) { some in
        Double(pairs) * runner.secondsOfPairAgain { Self.isPart($0, ofAny: some) }
      }
      print("measuring again: " + again.map(\.name).joined(separator: "; "))
      if again.count < suspects.count {
        printError(
          "alexbench: \(suspects.count - again.count) more look slower, but there is only time for "
            + "these; see --budget")
      }
      _ = try runner.measure(
        attempt: 2, pairs: pairs, seconds: rest,
        isWanted: { Self.isPart($0, ofAny: again) }, each: add)
      try stopIfInterrupted(runner, folder)
    }
    environment.warnings += runner.warnings + otherRuns.warnings
    environment.finishedAt = timestamp()
    environment.loadAfter = HostFingerprint.loadAverage()
    try folder.write(environment)
    if !runner.plan.isEmpty { try folder.write(runner.plan) }
    for warning in environment.warnings { printError("warning: \(warning)") }
    let verdict = judge(rows, policy: policy)
    try command.gate.report(
      verdict, title: "alexbench check --against \(base)", folder: folder.path)
    try command.gate.conclude(verdict)
  }

  /// Layers alone that are too short for a quick check.
  private static func short(_ rows: [PairRow]) -> Set<WorkloadKey> {
    let short = rows.filter {
      $0.role == .gated && $0.key.pass == .isolated
        && ($0.base.nanoseconds ?? .infinity) < shortNanoseconds
    }
    return Set(short.map { name($0.key) })
  }

  private static func name(_ key: WorkloadKey) -> WorkloadKey {
    var key = key
    key.runID = ""
    return key
  }

  /// A program as it is named in rows: by the hash of its file.
  private func program(_ path: String, _ environment: Environment) throws -> PairedProgram {
    PairedProgram(
      command: [path, "worker"], code: try ContentHash.ofFile(path),
      hostClass: environment.host.hostClass)
  }

  private static func isPart(_ key: WorkloadKey, ofAny suspects: [GateFinding]) -> Bool {
    suspects.contains { isPart(key, of: $0) }
  }

  /// Whether a workload has to be measured to look at a suspect again; of a stage all layers.
  static func isPart(_ key: WorkloadKey, of suspect: GateFinding) -> Bool {
    var own = name(key)
    var other = name(suspect.key)
    if suspect.level == .stage {
      guard key.pass == .isolated else { return false }
      (own.layer, own.layerIndex, own.kind) = ("", 0, "")
      (other.layer, other.layerIndex, other.kind) = ("", 0, "")
    }
    return own == other
  }

  private func stopIfInterrupted(_ runner: PairedRunner, _ folder: RunFolder) throws {
    guard runner.wasInterrupted else { return }
    printError(
      "alexbench: interrupted; the pairs so far are in \(folder.path)/pairs.csv, "
        + "--replay decides about them")
    throw AlexExit.interrupted
  }
}
