import Foundation
import Results
import Testing

@Suite struct RunTests {
  private static let hasOpenBLAS: Bool = {
    let list = try? Command(["list", "backends"])
    return list?.output.split(separator: "\n").contains {
      $0.hasPrefix("im2col-openblas") && !$0.contains("unavailable")
    } ?? false
  }()

  @Test("A run of a whole network leaves six files that can be read back")
  func wholeNetwork() throws {
    try withTemporaryFolder { parent in
      let command = try Command([
        "run", "--network", "caffenet-mini", "--rounds", "2", "--out", parent,
      ])
      #expect(command.exitCode == 0, "\(command.errors)")
      #expect(command.output.contains("caffenet-mini, batch 1, 1 thread"))
      #expect(command.output.contains("images/s"))
      let files = try RunFiles(folder: runFolder(in: parent))
      #expect(files.layers.count == 24)
      #expect(files.layers.last?.layer == "net")
      #expect(files.environment.finishedAt != nil)
      #expect(files.environment.arguments.contains("caffenet-mini"))
      #expect(!files.samples.isEmpty)
      #expect(files.roofs.contains { $0.kind == .compute && $0.threads == 1 })
      #expect(files.roofs.allSatisfy { $0.value.isFinite && $0.value > 0 && $0.probeCount > 0 })
      #expect(command.output.contains("roofs at 1 thread: fma "))
      let usable = files.workloads.filter { $0.status != .unavailable }
      #expect(!usable.isEmpty)
      for row in usable {
        // Programs need not tell steps.
        let isSilent = row.status == .skipped && row.key.pass == .inNet
        #expect([.ok, .elided, .fused].contains(row.status) || isSilent, "\(row)")
        #expect((row.status == .ok) == row.reason.isEmpty)
        #expect((row.status == .ok) == (row.check.maxAbsError != nil))
      }
      for row in files.summary {
        #expect((row.time.median != nil) == (row.workload.status == .ok))
        let hasRoof = row.work.percentOfRoof != nil
        #expect(hasRoof == !row.work.bound.isEmpty)
        if row.workload.status == .ok { #expect(hasRoof == row.work.roofReason.isEmpty) }
      }
      let backends = Set(usable.map(\.key.backend))
      let nets = files.summary.filter { $0.key.layer == "net" && $0.workload.status == .ok }
      #expect(Set(nets.map(\.key.backend)) == backends)
    }
  }

  @Test("A problem is measured like a network, in fresh processes if asked for")
  func problem() throws {
    try withTemporaryFolder { parent in
      let command = try Command([
        "run", "--problem", "n2 c4 h9 k6 r3 p1", "--backend", "naive", "--batch", "1",
        "--launches", "2", "--rounds", "2", "--show", "roof", "--out", parent,
      ])
      #expect(command.exitCode == 0, "\(command.errors)")
      let files = try RunFiles(folder: runFolder(in: parent))
      #expect(files.workloads.map(\.key.layer) == ["conv", "net", "conv"])
      #expect(
        files.workloads.map(\.key.network) == [String](repeating: "c4 h9 w9 k6 r3 p1", count: 3))
      #expect(Set(files.samples.map(\.launch)) == [0, 1])
      // One probing per group and launch: naive has no rounds.
      #expect(Set(files.roofs.map(\.probeCount)) == [4])
      #expect(command.output.contains("%roof") && !command.output.contains("ms GFLOP/s"))
      #expect(files.workloads[0].repro.contains("--problem \"c4 h9 w9 k6 r3 p1\""))
    }
  }

  @Test("Nothing measured is exit code 3, with the reason in the table")
  func nothing() throws {
    try withTemporaryFolder { parent in
      let command = try Command([
        "run", "--problem", "c4 h9 k6 r3 p1", "--backend", "naive", "--threads", "2", "--out",
        parent,
      ])
      #expect(command.exitCode == 3)
      #expect(command.output.contains("naive runs on one thread by definition"))
      let files = try RunFiles(folder: runFolder(in: parent))
      #expect(files.workloads.map(\.status) == [.skipped, .skipped])
    }
  }

  @Test("Checking alone writes no files and prints errors and verdicts")
  func verify() throws {
    let command = try Command([
      "verify", "--problem", "c8 h19 w23 k12 r3 s5 u2 v1 p1 q2 d2 e1 g2", "--batch", "1,5",
    ])
    #expect(command.exitCode == 0, "\(command.errors)")
    #expect(command.output.contains("max abs error"))
    #expect(command.output.contains("skipped"))
    #expect(command.output.contains("ok"))
  }

  @Test("ALEXBENCH_ISA is the default of --isa")
  func environmentISA() throws {
    let problem = ["verify", "--problem", "c4 h9 k6 r3 p1", "--backend", "naive"]
    #expect(try Command(problem, environment: ["ALEXBENCH_ISA": "baseline"]).exitCode == 0)
    let bad = try Command(problem, environment: ["ALEXBENCH_ISA": "sse9"])
    #expect(bad.exitCode == 64)
    #expect(bad.errors.contains("sse9"))
    let given = try Command(
      problem + ["--isa", "baseline"], environment: ["ALEXBENCH_ISA": "sse9"])
    #expect(given.exitCode == 0)
  }

  @Test(
    "An interrupted run keeps what it has, and says so", .enabled(if: hasOpenBLAS),
    arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
  func interrupted(signal: Int32, exitCode: Int32) throws {
    try withTemporaryFolder { parent in
      let command = try Command(
        [
          "run", "--problem", "c4 h9 k6 r3 p1", "--backend", "im2col-openblas", "--rounds",
          "100000", "--out", parent,
        ],
        whileRunning: { process in
          // Until the first rounds are written.
          for _ in 0..<600 where process.isRunning {
            Thread.sleep(forTimeInterval: 0.1)
            guard let folder = try? runFolder(in: parent),
              let samples = try? Schema.samples.rows(inFolder: folder)
            else { continue }
            if samples.count > 3 { break }
          }
          kill(process.processIdentifier, signal)
        })
      #expect(command.exitCode == exitCode)
      #expect(command.errors.contains("interrupted"))
      let files = try RunFiles(folder: runFolder(in: parent))
      #expect(files.samples.count > 3)
      #expect(files.workloads.allSatisfy { $0.status == .skipped })
      #expect(files.summary.count == files.workloads.count)
      #expect(files.environment.finishedAt != nil)
    }
  }
}
