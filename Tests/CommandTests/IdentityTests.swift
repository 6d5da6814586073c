import Foundation
import GoldenSupport
import Results
import Testing

/// What was measured is known by its content, not by its name.
@Suite struct IdentityTests {
  private static let changed = ("num_output: 500", "num_output: 64")

  private func write(_ folder: String, change: (of: String, to: String) = ("", "")) throws {
    var text = try Golden.text("prototxt/lenet.prototxt")
    if !change.of.isEmpty {
      #expect(text.contains(change.of))
      text = text.replacing(change.of, with: change.to)
    }
    try text.write(toFile: folder + "/net.prototxt", atomically: false, encoding: .utf8)
  }

  private func begin(_ folder: String, stop: Bool) throws -> String {
    let out = folder + "/\(UUID().uuidString)"
    let command = try Command(
      [
        "run", "--network", "net.prototxt", "--backend", "im2col-swift", "--layer", "ip1",
        "--rounds", stop ? "100000" : "6", "--out", out,
      ], workingFolder: folder,
      whileRunning: { process in
        guard stop else { return }
        Thread.sleep(forTimeInterval: 1)
        kill(process.processIdentifier, SIGTERM)
      })
    #expect(command.exitCode == (stop ? 143 : 0), "\(command.errors)")
    return try runFolder(in: out)
  }

  @Test("A run does not go on with another net under the name; with another comment it does")
  func resume() throws {
    try withTemporaryFolder { folder in
      try write(folder)
      let run = try begin(folder, stop: true)
      let before = try String(contentsOfFile: run + "/samples.csv", encoding: .utf8)
      try write(folder, change: Self.changed)
      let refused = try Command(["run", "--resume", run], workingFolder: folder)
      #expect(refused.exitCode == 5)
      #expect(refused.errors.contains("net.prototxt"), "\(refused.errors)")
      #expect(refused.errors.split(separator: "\n").count == 1)
      #expect(try String(contentsOfFile: run + "/samples.csv", encoding: .utf8) == before)
      try write(folder, change: ("name: \"LeNet\"", "# the same\nname: \"Other\""))
      let resumed = try Command(
        ["run", "--resume", run], workingFolder: folder,
        whileRunning: { process in
          Thread.sleep(forTimeInterval: 1)
          kill(process.processIdentifier, SIGTERM)
        })
      #expect(resumed.exitCode == 143, "\(resumed.errors)")
    }
  }

  @Test("Runs of two nets under one name are not comparable")
  func compare() throws {
    try withTemporaryFolder { folder in
      try write(folder)
      let first = try begin(folder, stop: false)
      try write(folder, change: Self.changed)
      let second = try begin(folder, stop: false)
      let files = [try RunFiles(folder: first), try RunFiles(folder: second)]
      let inputs = files.map { $0.environment.network(named: "net.prototxt") }
      #expect(inputs.allSatisfy { $0?.path?.hasSuffix("/net.prototxt") == true })
      let refused = try Command(["compare", first, second])
      #expect(refused.exitCode == 5)
      #expect(refused.errors.contains("inputs.net.prototxt.graph was"), "\(refused.errors)")
      #expect(try Command(["compare", first, first]).exitCode == 0)
    }
  }

  @Test("A plan for another net under the name is refused, one of another host named")
  func plan() throws {
    try withTemporaryFolder { folder in
      try write(folder)
      let plan = folder + "/plan.csv"
      let tuned = try Command(
        [
          "tune", "--network", "net.prototxt", "--backend", "simd,im2col-swift", "--budget", "1s",
          "-o", plan,
        ], workingFolder: folder)
      #expect(tuned.exitCode == 0, "\(tuned.errors)")
      let run = [
        "run", "--network", "net.prototxt", "--backend", "auto", "--pass", "net", "--rounds", "1",
        "--plan", plan, "--out", folder + "/runs",
      ]
      let same = try Command(run, workingFolder: folder)
      #expect(same.exitCode == 0 && !same.output.contains("the plan was made"), "\(same.errors)")
      let file = try RunFiles(folder: try runFolder(in: folder + "/runs")).environment.inputs
      #expect(file?.contains { $0.role == .plan && $0.name == plan && $0.hash != nil } == true)
      let text = try String(contentsOfFile: plan, encoding: .utf8)
      let hostClass = try Schema.plan.rows(contentsOf: plan)[0].origin.hostClass
      try text.replacing(hostClass, with: "elsewhere")
        .write(toFile: plan, atomically: false, encoding: .utf8)
      let moved = try Command(run, workingFolder: folder)
      #expect(moved.exitCode == 0, "\(moved.errors)")
      #expect(moved.output.contains("the plan was made on another class of hosts, elsewhere"))
      try write(folder, change: Self.changed)
      let refused = try Command(run, workingFolder: folder)
      #expect(refused.exitCode == 5)
      #expect(refused.errors.contains("the plan was made for another network 'net.prototxt'"))
    }
  }

  @Test("Two runs at the same time see each other, and their blocks are marked")
  func atTheSameTime() throws {
    try withTemporaryFolder { folder in
      let lock: [String: String?] = ["ALEXBENCH_LOCK": folder + "/lock"]
      func run(_ name: String, rounds: Int, _ body: (Process) throws -> Void = { _ in }) throws
        -> Command
      {
        try Command(
          [
            "run", "--problem", "c16 h13 k32 r3 p1", "--backend", "simd", "--layer", "conv",
            "--rounds", "\(rounds)", "--out", "\(folder)/\(name)",
          ], environment: lock, whileRunning: body)
      }
      var second: Command?
      let first = try run("first", rounds: 100_000) { process in
        Thread.sleep(forTimeInterval: 1)
        second = try run("second", rounds: 6)
        kill(process.processIdentifier, SIGTERM)
      }
      #expect(first.exitCode == 143 && second?.exitCode == 0, "\(second?.errors ?? "")")
      let sentence = "measured at the same time on the same CPUs"
      for (name, command) in [("first", first), ("second", try #require(second))] {
        #expect(command.output.replacing(/\s+/, with: " ").contains(sentence), "\(command.output)")
        let files = try RunFiles(folder: runFolder(in: "\(folder)/\(name)"))
        #expect(files.environment.warnings.contains { $0.contains(sentence) })
        #expect(files.samples.contains { $0.block.isContaminated })
      }
      // Nobody is left in the way of the next one.
      let third = try run("third", rounds: 6)
      #expect(!third.output.contains("another run"), "\(third.output)")
    }
  }
}
