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

  /// The first stage leaves the rest of the time to the second, which measures less and decides.
  private static let firstShare = 1.0 / 3
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
    // As many as there is time for, and no more than tell.
    (options.rounds, options.maximumRounds) = (2, command.quick ? 60 : 180)
    options.warmUpNanoseconds = 0
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
    let last = policy.test.looks.last?.count ?? 0
    print(
      "\(pairs) pairs of launches, each with \(runner.workloadCount) layers and nets on both sides; "
        + "what looks slower or scatters too much is measured again in up to \(last) pairs; "
        + "at most \(DurationText.short(seconds: seconds)) (--budget)")
    let start = ContinuousClock.now
    var rows: [PairRow] = []
    var leftOut: Set<WorkloadKey> = []
    func add(_ new: [PairRow]) throws {
      if rows.isEmpty, command.quick, options.layers == nil { leftOut = Self.short(new) }
      rows += new.filter { !leftOut.contains($0.key.without(.run)) }
      try Schema.pairs.write(rows, inFolder: folder.path)
    }
    let count = try runner.measure(
      attempt: 1, pairs: 0..<pairs, seconds: Self.firstShare * seconds,
      isWanted: { !leftOut.contains($0.without(.run)) }, each: add)
    try stopIfInterrupted(runner, folder)
    if count < pairs {
      printError("alexbench: there was time for only \(count) of \(pairs) pairs; see --budget")
    }
    var verdict = judge(rows, policy: policy)
    if !verdict.open.isEmpty {
      let rest = seconds - (ContinuousClock.now - start) / .seconds(1)
      let again = secondStage(verdict.open, seconds: rest) { some in
        let least = runner.leastSecondsOfPair { Self.isPart($0, ofAny: some) }
        return Double(policy.test.looks.first?.count ?? 0) * least
      }
      print("measuring again: " + again.map(\.name).joined(separator: "; "))
      if again.count < verdict.open.count {
        printError(
          "alexbench: there is only time for these, not for \(verdict.open.count - again.count) more; "
            + "see --budget")
      }
      var pair = 0
      var unsettled = again
      for look in policy.test.looks {
        let left = seconds - (ContinuousClock.now - start) / .seconds(1)
        let planned = max(policy.plannedPairs, look.count)
        let share = Double(look.count - pair) / Double(planned - pair)
        let count = try runner.measure(
          attempt: 2, pairs: pair..<look.count, seconds: share * left,
          isWanted: { Self.isPart($0, ofAny: unsettled) }, each: add)
        try stopIfInterrupted(runner, folder)
        pair += count
        verdict = judge(rows, policy: policy)
        unsettled = verdict.open.filter { finding in again.contains { $0.key == finding.key } }
        guard !unsettled.isEmpty, pair == look.count else { break }
      }
      adviseBudget(verdict, pairs: pair, seconds: seconds, since: start)
    }
    environment.warnings += runner.warnings + otherRuns.warnings
    environment.finishedAt = timestamp()
    environment.spentNanoseconds = runner.ledger.record
    environment.loadAfter = HostFingerprint.loadAverage()
    try folder.write(environment)
    if !runner.plan.isEmpty { try folder.write(runner.plan) }
    for warning in environment.warnings { printError("warning: \(warning)") }
    if command.verbose { for line in runner.ledger.lines { printError(line) } }
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
    return Set(short.map { $0.key.without(.run) })
  }

  /// A program as it is named in rows: by the hash of its file.
  private func program(_ path: String, _ environment: Environment) throws -> PairedProgram {
    PairedProgram(
      command: [path, "worker"], code: try ContentHash.ofFile(path),
      hostClass: environment.host.hostClass)
  }

  private static func isPart(_ key: WorkloadKey, ofAny findings: [GateFinding]) -> Bool {
    findings.contains { $0.key.without(.run) == key.without(.run) }
  }

  /// Says what would probably have been enough.
  private func adviseBudget(
    _ verdict: GateVerdict, pairs: Int, seconds: Double, since start: ContinuousClock.Instant
  ) {
    let needed = verdict.findings.filter { $0.outcome == .inconclusive }
      .compactMap(\.neededPairCount).max()
    guard let needed, pairs > 0 else { return }
    let last = policy.test.looks.last?.count ?? 0
    guard needed <= last else {
      return printError(
        "alexbench: about \(needed) pairs of the second stage would probably tell, and a check takes "
          + "\(last) at most; a quieter machine or a larger --margin helps")
    }
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    let first = Self.firstShare * seconds
    let budget = first + Double(needed) * max(elapsed - first, 1) / Double(pairs)
    printError(
      "alexbench: about \(needed) pairs of the second stage would probably tell; give them time with "
        + "--budget \(Int(budget.rounded(.up)))s")
  }

  private func stopIfInterrupted(_ runner: PairedRunner, _ folder: RunFolder) throws {
    guard runner.wasInterrupted else { return }
    printError(
      "alexbench: interrupted; the pairs so far are in \(folder.path)/pairs.csv, "
        + "--replay decides about them")
    throw AlexExit.interrupted
  }
}
