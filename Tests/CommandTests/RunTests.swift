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

  @Test("A run of a whole network leaves files that can be read back")
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
      let validated = try Command(["validate", try runFolder(in: parent)])
      #expect(validated.exitCode == 0, "\(validated.output)")
      #expect(validated.output.hasSuffix("  valid\n"))
      let backends = Set(usable.map(\.key.backend))
      #expect(backends.count < 2 || !files.compare.isEmpty)
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
      // One probing per launch, though naive has no rounds.
      #expect(Set(files.roofs.map(\.probeCount)) == [2])
      #expect(command.output.contains("%roof") && !command.output.contains("ms GFLOP/s"))
      #expect(files.workloads[0].repro.contains("--problem 'c4 h9 w9 k6 r3 p1'"))
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

  @Test("A calibration is kept, and the next run on the host quotes it")
  func calibrate() throws {
    try withTemporaryFolder { folder in
      let common = [
        "--problem", "c4 h9 k6 r3 p1", "--rounds", "6", "--calibration", folder + "/known",
        "--out", folder + "/runs",
      ]
      let calibrate = try Command(["calibrate"] + common)
      #expect(calibrate.exitCode == 0, "\(calibrate.errors)")
      #expect(calibrate.output.contains("A backend compared with itself"))
      let first = try runFolder(in: folder + "/runs")
      let files = try RunFiles(folder: first)
      #expect(Set(files.calibration.map(\.key.backend)) == ["simd"])
      #expect(Set(files.calibration.map(\.key.pass)) == Set(Pass.allCases))
      #expect(files.calibration.allSatisfy { $0.roundCount == 6 && $0.spreadPercent != nil })
      #expect(Set(files.summary.map(\.key.backend)) == ["simd", "simd@2"])
      let stored = CalibrationStore(folder: folder + "/known")
      let rows = try stored.rows(hostClass: files.environment.host.hostClass)
      #expect(rows == files.calibration)
      let next = try Command(["run", "--backend", "naive", "--pass", "net"] + common)
      #expect(next.output.contains("this host: a backend compared with itself"))
      // Names of the same second do not tell which came later.
      let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/runs")
      let run = try #require(names.first { !first.hasSuffix($0) })
      #expect(
        try Environment(contentsOf: folder + "/runs/\(run)/environment.json").calibration != nil)
    }
  }

  @Test("A budget is filled, and where the time went is told")
  func budget() throws {
    try withTemporaryFolder { parent in
      let command = try Command([
        "run", "--problem", "c4 h9 k6 r3 p1", "--backend", "simd,winograd", "--budget", "3s", "-v",
        "--out", parent,
      ])
      #expect(command.exitCode == 0, "\(command.errors)")
      for item in ["timed blocks", "warming up", "preparing", "float64 reference", "in all"] {
        #expect(command.errors.contains("%  \(item)"), "\(command.errors)")
      }
      let files = try RunFiles(folder: runFolder(in: parent))
      #expect(files.environment.options?["budget_ns"] == .whole(3_000_000_000))
      for row in files.summary {
        // Whole squares of two.
        #expect(row.roundCount >= 2 && row.roundCount.isMultiple(of: 2))
      }
    }
  }

  @Test("A slow-down is in the files and below the table, by its old name too")
  func slowDown() throws {
    try withTemporaryFolder { parent in
      let command = try Command([
        "run", "--problem", "c4 h9 k6 r3 p1", "--backend", "simd,winograd", "--rounds", "2",
        "--handicap", "simd:conv=40%", "--launches", "1", "--out", parent,
      ])
      #expect(command.exitCode == 0, "\(command.errors)")
      #expect(command.output.contains("slower by 40% on purpose"))
      let files = try RunFiles(folder: runFolder(in: parent))
      for row in files.workloads where row.key.kind != "reorder" {
        #expect((row.facts.handicap != nil) == (row.key.backend == "simd"))
      }
      #expect(files.environment.warnings.contains { $0.contains("--slow-down simd:conv=40%") })
      #expect(files.environment.slowDowns == ["simd:conv=40%"])
    }
  }
}
