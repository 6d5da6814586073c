import Foundation
import Measuring
import Reporting
import Results

/// `check --baseline`: launches of this program, compared with those of a run that was kept.
struct BaselineCheck {
  private let command: CheckCommand
  private let name: String
  private let policy: GatePolicy
  private var otherRuns: OtherRuns?

  init(_ command: CheckCommand, name: String) throws {
    self.command = command
    self.name = name
    policy = try command.gate.gatePolicy()
  }

  mutating func run() throws {
    let local = command.selection.localHost()
    let (baseline, options) = try load(local)
    var (environment, _) = try RunSession.environment(options, local)
    let differences =
      Comparability.hostDifferences(baseline.environment, environment)
      + Environment.otherNetworks(baseline.environment, environment)
    guard differences.isEmpty else {
      throw MeasuringError.baseline(
        "baseline '\(name)' is not comparable: \(differences.joined(separator: "; "))")
    }
    let folder = try RunFolder(parent: command.out)
    environment.runID = folder.runID
    environment.arguments = CommandLine.arguments
    environment.options = options.recorded()
    try folder.write(environment)
    let launches = options.launches ?? 0
    print(
      "\(launches) launches, as in the baseline; what looks slower is measured again as often")
    otherRuns = try announce(options)
    var rows = try measure(options, attempt: 1, baseline, environment, local)
    try Schema.pairs.write(rows, inFolder: folder.path)
    let open = judge(rows, policy: policy).open
    if !open.isEmpty {
      print("measuring again: " + open.map(\.name).joined(separator: "; "))
      var again = options
      again.layers = Array(Set(open.filter { $0.level == .layer }.map(\.key.layer))).sorted()
      again.backends = Array(Set(open.map(\.key.backend))).sorted()
      again.passes = []
      if again.layers?.isEmpty == false { again.passes.append(.isolated) }
      if open.contains(where: { $0.level == .net }) { again.passes.append(.net) }
      if again.layers?.isEmpty == true { again.layers = nil }
      rows += try measure(again, attempt: 2, baseline, environment, local)
      try Schema.pairs.write(rows, inFolder: folder.path)
    }
    environment.warnings += otherRuns?.warnings ?? []
    environment.finishedAt = timestamp()
    environment.loadAfter = HostFingerprint.loadAverage()
    try folder.write(environment)
    for warning in environment.warnings { printError("warning: \(warning)") }
    let verdict = judge(rows, policy: policy)
    try command.gate.report(
      verdict, title: "alexbench check --baseline \(name)", folder: folder.path)
    try command.gate.conclude(verdict)
  }

  /// The baseline, and what its run measured as options.
  private func load(_ local: LocalHost) throws -> (Baseline, RunOptions) {
    let store = BaselineStore(folder: command.baselines)
    let here = Environment(
      runID: "", startedAt: "", arguments: [], seeds: [:], build: BuildFingerprint.collect(),
      host: HostFingerprint.collect())
    let baseline = try store.find(name, here: here)
    let path = store.path(name, hostClass: baseline.hostClass)
    guard let record = baseline.environment.options else {
      throw MeasuringError.baseline("\(path) does not say what was measured; save it again")
    }
    var options = try RunOptions(record, file: path)
    options.passes = Pass.allCases.filter { pass in baseline.rows.contains { $0.key.pass == pass } }
    options.caches = [.warm]
    options.backends = Array(Set(baseline.rows.map(\.key.backend))).sorted()
    options.measuresPhases = false
    options.counters = nil
    (options.maximumRounds, options.precision, options.budgetNanoseconds) = (nil, nil, nil)
    options.launches = Set(baseline.rows.map(\.launch)).count
    options.slowDowns = try command.slowDowns()
    options.command = "check"
    return (baseline, options)
  }

  private func measure(
    _ options: RunOptions, attempt: Int, _ baseline: Baseline, _ environment: Environment,
    _ local: LocalHost
  ) throws -> [PairRow] {
    let timeout = try command.timeoutDuration()
    let runner = Runner(
      try RunMatrix(options, backends: allBackends(of: local, options)),
      makeHost: { _ in
        RoutingHost(base: try WorkerHost(command: [executablePath(), "worker"], timeout: timeout))
      }, otherRuns: otherRuns)
    let record = try runner.run()
    guard !record.wasInterrupted else {
      printError("alexbench: interrupted; nothing was compared")
      throw AlexExit.interrupted
    }
    return BaselinePairs.pairs(
      baseline, samples: record.samples, workloads: record.workloads, attempt: attempt,
      code: environment.build.executable ?? "", hostClass: environment.host.hostClass,
      command: "alexbench check --baseline \(name)")
  }
}
