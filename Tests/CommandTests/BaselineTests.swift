import Foundation
import Results
import Testing

/// Baselines from the run to the verdict; times are never looked at.
@Suite struct BaselineTests {
  @Test("A run becomes a baseline that a later check is compared with")
  func saveAndCheck() throws {
    try withTemporaryFolder { folder in
      let runs = folder + "/runs"
      let baselines = folder + "/baselines"
      let run = try Command(
        [
          "run", "--network", "alexnet-mini", "--backend", "simd", "--layer", "conv3", "--rounds",
          "2", "--launches", "12", "--out", runs, "--calibration", folder,
        ], environment: ["ALEXBENCH_ISA": nil])
      #expect(run.exitCode == 0, "\(run.errors)")
      let save = ["baseline", "save", "before", "--run", try runFolder(in: runs)]
      let saved = try Command(save + ["--baselines", baselines])
      guard saved.exitCode == 0 else {
        // Beside other work there is no clean run; then that is said.
        #expect(saved.exitCode == 64)
        #expect(saved.errors.contains("touched by other work"), "\(saved.errors)")
        return
      }
      let refused = try Command(save + ["--baselines", "/proc/baselines"])
      #expect(refused.exitCode == 6)
      #expect(refused.errors.contains("/proc/baselines"), "\(refused.errors)")
      #expect(
        try Command(["baseline", "list", "--baselines", baselines]).output.contains("before"))
      let shown = try Command(["baseline", "show", "before", "--baselines", baselines])
      #expect(shown.output.contains("conv3"))
      let check = try Command(
        ["check", "--baseline", "before", "--baselines", baselines, "--out", folder + "/checks"],
        environment: ["ALEXBENCH_ISA": nil])
      // The same program: whatever differs is not the code's doing.
      #expect([0, 75].contains(check.exitCode), "\(check.output)\(check.errors)")
      let rows = try Schema.pairs.rows(inFolder: runFolder(in: folder + "/checks"))
      #expect(rows.filter { $0.role == .gated && $0.attempt == 1 }.count == 12)
      try makeForeign(in: baselines)
      let foreign = try Command(["check", "--baseline", "before", "--baselines", baselines])
      #expect(foreign.exitCode == 5)
      #expect(foreign.errors.contains("host.cpu.model was '999', is"), "\(foreign.errors)")
      let missing = try Command(["baseline", "delete", "before", "--baselines", baselines])
      #expect(missing.exitCode == 66)
    }
  }

  /// Moves the baseline to a host with another model of processor.
  private func makeForeign(in baselines: String) throws {
    let hostClass = try #require(
      try FileManager.default.contentsOfDirectory(atPath: baselines).first)
    var environment = try Environment(contentsOf: "\(baselines)/\(hostClass)/before.json")
    environment.host.cpu.model = 999
    environment.host.hostClass = "another"
    try Data(environment.jsonText().utf8).write(
      to: URL(fileURLWithPath: "\(baselines)/\(hostClass)/before.json"))
    try FileManager.default.moveItem(
      atPath: "\(baselines)/\(hostClass)", toPath: "\(baselines)/another")
  }

  @Test("Runs that say nothing about a host are refused")
  func refusals() throws {
    try withTemporaryFolder { folder in
      func run(_ name: String, _ extra: [String]) throws -> String {
        let out = "\(folder)/\(name)"
        let command = try Command(
          [
            "run", "--network", "alexnet-mini", "--backend", "simd", "--layer", "conv3",
            "--rounds", "1", "--out", out, "--calibration", folder,
          ] + extra, environment: ["ALEXBENCH_ISA": nil])
        #expect(command.exitCode == 0, "\(command.errors)")
        return try runFolder(in: out)
      }
      func refusal(_ run: String) throws -> String {
        let command = try Command(
          ["baseline", "save", "x", "--run", run, "--baselines", folder + "/baselines"])
        #expect(command.exitCode == 64)
        return command.errors
      }
      let shortRun = try run("short", [])
      let short = try refusal(shortRun)
      #expect(short.contains("has 1 launches, a baseline needs 12"), "\(short)")
      var environment = try Environment(contentsOf: shortRun + "/environment.json")
      environment.build.configuration = "debug"
      try Data(environment.jsonText().utf8).write(
        to: URL(fileURLWithPath: shortRun + "/environment.json"))
      let debug = try refusal(shortRun)
      #expect(debug.contains("it was measured with a debug build"), "\(debug)")
      let slow = try refusal(run("slow", ["--launches", "12", "--slow-down", "conv3=10%"]))
      #expect(slow.contains("--slow-down conv3=10%"), "\(slow)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/baselines"))
    }
  }
}
