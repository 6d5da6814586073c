import Foundation
import Testing

/// Calls of the system that are made to fail.
enum FaultKind: String, CaseIterable, Sendable {
  case open, write, fsync, rename, close, mkdir, mmap, thread, spawn, memory

  /// What such calls fail with, most likely first.
  var codes: [Int32] {
    switch self {
    case .open: [EACCES, EMFILE, EROFS]
    case .write: [ENOSPC, EIO, EDQUOT]
    case .fsync, .close: [EIO, ENOSPC]
    case .rename: [EACCES, EIO]
    case .mkdir: [ENOSPC, EACCES]
    case .mmap, .memory: [ENOMEM]
    case .thread, .spawn: [EAGAIN, ENOMEM]
    }
  }

  /// Those whose failure a program can act on. Allocations of Swift's runtime end the process.
  static let manageable = allCases.filter { $0 != .memory }
}

/// One fault and what came of it.
struct FaultTrial: Sendable {
  enum Outcome: Hashable, Sendable {
    /// There were fewer calls this time.
    case notReached
    case exit(Int32)
    /// Swift's runtime ended the process: it got no memory, or libdispatch could not look at its
    /// threads.
    case runtime
  }
  var outcome: Outcome
  var violations: [String]
}

/// Runs a command in a folder of its own, with a fault.
struct FaultRig {
  let scenario: FaultScenario
  private let template: String
  private let before: FolderState
  private let reference: FolderState
  private let reachesChildren: Bool

  /// Beside the tests.
  static let library = URL(fileURLWithPath: Command.program).deletingLastPathComponent()
    .appendingPathComponent("libFaultInjector.so").path

  /// - Parameter template: an empty folder.
  init(_ scenario: FaultScenario, template: String, reachesChildren: Bool = false) throws {
    try #require(
      FileManager.default.fileExists(atPath: Self.library), "swift build --product FaultInjector")
    self.scenario = scenario
    self.template = template
    self.reachesChildren = reachesChildren
    try scenario.prepare(template)
    before = try FolderState(template)
    var reference = before
    try Self.inCopy(of: template) { folder in
      let command = try Command(scenario.arguments, workingFolder: folder)
      try #require(command.exitCode == 0, "\(command.errors)")
      reference = try FolderState(folder)
    }
    self.reference = reference
  }

  static func inCopy<Value>(of template: String, _ body: (String) throws -> Value) throws -> Value {
    try withTemporaryFolder { parent in
      try FileManager.default.copyItem(atPath: template, toPath: parent + "/files")
      return try body(parent + "/files")
    }
  }

  private func command(
    _ kind: FaultKind, number: Int, code: Int32, path: String = "", in folder: String, log: String
  ) throws -> Command {
    try Command(
      program: [Command.program] + scenario.arguments,
      environment: [
        "LD_PRELOAD": Self.library, "ALEX_FAULT_KIND": kind.rawValue,
        "ALEX_FAULT_NUMBER": "\(number)", "ALEX_FAULT_ERRNO": "\(code)", "ALEX_FAULT_LOG": log,
        "ALEX_FAULT_PATH": path, "ALEX_FAULT_BYTES": "16384",
        "ALEX_FAULT_CHILDREN": reachesChildren ? "1" : nil,
        "SWIFT_BACKTRACE": "enable=no",
      ], workingFolder: folder, limit: Self.limit)
  }

  /// Seconds after which a command counts as hung: ten times what the slowest takes alone.
  private static let limit = 60

  /// Calls of a kind without a fault.
  func callCount(_ kind: FaultKind) throws -> Int {
    try Self.inCopy(of: template) { folder in
      let log = folder + ".log"
      let run = try command(kind, number: 0, code: 0, in: folder, log: log)
      try #require(run.exitCode == 0, "\(run.errors)")
      // Children count as well.
      let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
      return lines.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.max() ?? 0
    }
  }

  /// - Parameter path: part of the paths that count.
  func trial(
    _ kind: FaultKind, number: Int, code: Int32, path: String = ""
  ) throws -> FaultTrial {
    try Self.inCopy(of: template) { folder in
      let log = folder + ".log"
      let command = try command(
        kind, number: number, code: code, path: path, in: folder, log: log)
      guard let subjects = try? String(contentsOfFile: log, encoding: .utf8) else {
        return FaultTrial(outcome: .notReached, violations: [])
      }
      var violations: [String] = []
      var outcome = FaultTrial.Outcome.exit(command.exitCode)
      if command.endedBySignal {
        if kind == .memory && [SIGILL, SIGABRT].contains(command.exitCode)
          || subjects.contains(/^open \/proc\/\d+\/stat\n/)
        {
          outcome = .runtime
        } else {
          violations.append(
            command.exitCode == SIGKILL ? "hung" : "ended by signal \(command.exitCode)")
        }
      } else if command.exitCode != 0 {
        violations += flaws(of: command, isUnheard: subjects.hasPrefix("write 2 "))
      }
      let hasSucceeded = !command.endedBySignal && command.exitCode == 0
      violations += scenario.damage(
        before: before, after: try FolderState(folder), reference: reference,
        hasSucceeded: hasSucceeded, mayLeaveDrafts: command.endedBySignal)
      violations += try scenario.flaws(
        ofRunsIn: folder, before: before, hasSucceeded: hasSucceeded,
        preloaded: reachesChildren ? Self.library : nil)
      if !violations.isEmpty {
        violations.append(
          "\(subjects.dropLast()), exit code \(command.exitCode): \(command.errors)")
      }
      return FaultTrial(outcome: outcome, violations: violations)
    }
  }

  /// What is wrong with how a command failed: it says why in one sentence, and ends with a code that
  /// stands for what it could not do.
  private func flaws(of command: Command, isUnheard: Bool) -> [String] {
    var flaws: [String] = []
    // What a worker could not do is told by its runner.
    let isWorker = reachesChildren && command.errors.contains("worker ")
    if ![3, 6, 65, 66].contains(command.exitCode), !(isWorker && command.exitCode == 1) {
      flaws.append("an exit code without a meaning")
    }
    let lines = command.errors.split(separator: "\n")
    // Where a worker's runtime ends it, that has words of its own.
    let said = lines.filter { !(isWorker && $0.contains("Fatal error: failed to allocate")) }
    if let odd = said.first(where: { !$0.hasPrefix("alexbench: ") && !$0.hasPrefix("warning: ") }) {
      flaws.append("no sentence of ours: \(odd)")
    }
    let sentences = lines.filter {
      $0.contains(/cannot|no |not |could not|nothing was measured|ended/)
        && $0.hasPrefix("alexbench: ")
    }
    if sentences.isEmpty, !isUnheard { flaws.append("no sentence that says why") }
    return flaws
  }
}

/// Where the tables of all faults go (`Scripts/inject-faults`); nil for the few of every test run.
private let campaignFolder = ProcessInfo.processInfo.environment["ALEXBENCH_FAULTS"]

@Suite("Injected faults") struct FaultTests {
  @Test(
    "A call of the system that fails is one sentence, and damages no file",
    .enabled(if: campaignFolder == nil), arguments: FaultScenario.quick)
  func some(scenario: FaultScenario) throws {
    try withTemporaryFolder { template in
      let rig = try FaultRig(scenario, template: template)
      for kind in FaultKind.manageable {
        let count = try rig.callCount(kind)
        // The first call, the last, and one in between.
        for number in Set([1, count / 2, count]).sorted() where number > 0 && number <= count {
          let trial = try rig.trial(kind, number: number, code: kind.codes[0])
          #expect(
            trial.violations.isEmpty,
            "\(kind) \(number): \(trial.violations.joined(separator: "; "))"
          )
        }
      }
    }
  }

  @Test("A file of /sys that can be read once and not again ends nothing")
  func unsteadyFiles() throws {
    try withTemporaryFolder { template in
      let rig = try FaultRig(.run, template: template)
      for number in 1...4 {
        let trial = try rig.trial(.open, number: number, code: EMFILE, path: "/cpu0/topology/")
        #expect([.exit(0), .notReached].contains(trial.outcome), "\(number): \(trial.violations)")
        #expect(trial.violations.isEmpty)
      }
    }
  }
}

/// Everything, for the report of `Fuzzing`: `Scripts/inject-faults`.
@Suite("All injected faults", .enabled(if: campaignFolder != nil))
struct FaultCampaign {
  /// At most so many calls of a kind are tried, evenly spread.
  private static let numberLimit = 100

  private struct Row {
    var callCount = 0
    var outcomes: [FaultTrial.Outcome: Int] = [:]
    var violationCount = 0

    var fields: [String] {
      let codes = outcomes.compactMap { outcome, count -> (Int32, Int)? in
        guard case .exit(let code) = outcome, code != 0 else { return nil }
        return (code, count)
      }.sorted { $0 < $1 }
      let injected = outcomes.filter { $0.key != .notReached }.values.reduce(0, +)
      return [
        "\(callCount)", "\(injected)", "\(outcomes[.exit(0)] ?? 0)",
        codes.map { "\($0.1) × \($0.0)" }.joined(separator: ", "), "\(outcomes[.runtime] ?? 0)",
        "\(violationCount)",
      ]
    }
  }

  /// All, or the one that is named.
  private static let scenarios = FaultScenario.all.filter {
    [nil, $0.name].contains(ProcessInfo.processInfo.environment["ALEXBENCH_FAULTS_OF"])
  }

  @Test("Every call of every kind fails once", arguments: scenarios)
  func all(scenario: FaultScenario) throws {
    try withTemporaryFolder { template in
      let rig = try FaultRig(
        scenario, template: template, reachesChildren: scenario.name == FaultScenario.launches.name)
      for kind in FaultKind.allCases {
        var row = Row(callCount: try rig.callCount(kind))
        let step = max(1, (row.callCount + Self.numberLimit - 1) / Self.numberLimit)
        for code in kind.codes {
          for number in stride(from: 1, through: row.callCount, by: step) {
            let trial = try rig.trial(kind, number: number, code: code)
            row.outcomes[trial.outcome, default: 0] += 1
            guard !trial.violations.isEmpty else { continue }
            row.violationCount += 1
            try Self.append("\(scenario.name) \(kind) \(number) \(code): \(trial)", to: "found")
            Issue.record("\(kind) \(number): \(trial.violations.joined(separator: "; "))")
          }
        }
        guard row.callCount > 0 else { continue }
        let fields = ["`\(scenario.name)`", kind.rawValue] + row.fields
        try Self.append("| " + fields.joined(separator: " | ") + " |", to: "faults.md")
      }
    }
  }

  private static func append(_ line: String, to name: String) throws {
    let path = try #require(campaignFolder) + "/" + name
    let earlier = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    try Data((earlier + line + "\n").utf8).write(to: URL(fileURLWithPath: path))
  }

  @Test("A command that is killed damages nothing", arguments: KillTests.scenarios)
  func kills(scenario: FaultScenario) throws {
    let (count, killed, violations) = try KillTests.kill(scenario, times: 100)
    for violation in violations { Issue.record("\(violation)") }
    try Self.append(
      "| `\(scenario.name)` | \(count) | \(killed) | \(violations.count) |", to: "kills.md")
  }
}

/// Commands that are ended by SIGKILL at any moment.
@Suite("Killed commands") struct KillTests {
  static let scenarios: [FaultScenario] = [.export, .history, .report, .run]

  @Test("A command that is killed damages nothing", arguments: scenarios)
  func some(scenario: FaultScenario) throws {
    #expect(try Self.kill(scenario, times: 3).violations == [])
  }

  /// - Returns: how many there were, how many of them were killed before they ended, and what was
  ///   wrong then.
  static func kill(
    _ scenario: FaultScenario, times: Int
  ) throws -> (count: Int, killed: Int, violations: [String]) {
    try withTemporaryFolder { template in
      try scenario.prepare(template)
      let before = try FolderState(template)
      var reference = before
      var duration = Duration.zero
      try FaultRig.inCopy(of: template) { folder in
        let start = ContinuousClock.now
        let command = try Command(scenario.arguments, workingFolder: folder)
        duration = ContinuousClock.now - start
        try #require(command.exitCode == 0, "\(command.errors)")
        reference = try FolderState(folder)
      }
      var violations: [String] = []
      var killed = 0
      for index in 0..<times {
        // Spread over the time that the command takes, each at another moment.
        let moment = duration * ((Double(index) + .random(in: 0..<1)) / Double(times))
        try FaultRig.inCopy(of: template) { folder in
          let command = try Command(scenario.arguments, workingFolder: folder) { process in
            usleep(UInt32(moment / .microseconds(1)))
            Foundation.kill(process.processIdentifier, SIGKILL)
          }
          let isKilled = command.endedBySignal && command.exitCode == SIGKILL
          if isKilled { killed += 1 }
          violations += scenario.damage(
            before: before, after: try FolderState(folder), reference: reference,
            hasSucceeded: !isKilled, mayLeaveDrafts: true)
          violations += try scenario.flaws(
            ofRunsIn: folder, before: before, hasSucceeded: !isKilled)
        }
      }
      return (times, killed, violations)
    }
  }
}
