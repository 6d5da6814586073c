import Foundation
import Results
import Testing

/// A file system of its own, of a given size; nil where mounting is not allowed.
private final class SmallDisk {
  let path: String

  init?(byteCount: Int) {
    path = NSTemporaryDirectory() + "alexbench-disk-\(UUID().uuidString)"
    guard mkdir(path, 0o700) == 0 else { return nil }
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(byteCount)") == 0 else {
      rmdir(path)
      return nil
    }
  }

  func grow(to byteCount: Int) -> Bool {
    let remount = UInt(32)
    return mount("tmpfs", path, "tmpfs", remount, "size=\(byteCount)") == 0
  }

  deinit {
    umount2(path, 2)
    rmdir(path)
  }

  static var canBeMade: Bool { SmallDisk(byteCount: 1 << 20) != nil }
}

@Suite struct ResumeTests {
  private static let what = [
    "--problem", "c16 h13 k32 r3 p1", "--backend", "naive,simd,winograd", "--rounds", "24",
  ]

  /// Names of all rows, without the run's.
  private func keys(_ files: RunFiles) -> Set<WorkloadKey> {
    Set(
      files.workloads.map {
        var key = $0.key
        key.runID = ""
        return key
      })
  }

  private func expectSame(_ files: RunFiles, as whole: RunFiles) {
    #expect(keys(files) == keys(whole))
    #expect(files.workloads.allSatisfy { $0.status == .ok })
    #expect(files.summary.map(\.key) == files.workloads.map(\.key))
    func rounds(_ files: RunFiles) -> [WorkloadKey: [Int]] {
      Dictionary(grouping: files.samples) { sample -> WorkloadKey in
        var key = sample.key
        key.runID = ""
        return key
      }.mapValues { $0.map(\.round) }
    }
    // In order, each once, none missing.
    #expect(rounds(files) == rounds(whole))
    #expect(files.environment.finishedAt != nil)
    #expect(files.layers.map(\.layer) == whole.layers.map(\.layer))
    // Which instruction set reads fastest may differ from process to process.
    #expect(
      files.roofs.map { "\($0.level) \($0.threads)" }
        == whole.roofs.map { "\($0.level) \($0.threads)" })
  }

  @Test("Killed at random moments and resumed, a run has the rows of one that went through")
  func killed() throws {
    try withTemporaryFolder { parent in
      let whole = try Command(["run"] + Self.what + ["--out", parent + "/whole"])
      #expect(whole.exitCode == 0, "\(whole.errors)")
      let expected = try RunFiles(folder: runFolder(in: parent + "/whole"))
      let tiles = expected.plan.count
      for attempt in 0..<3 {
        let out = parent + "/\(attempt)"
        func killSoon(_ process: Process) {
          Thread.sleep(forTimeInterval: .random(in: 0.05...2))
          kill(process.processIdentifier, SIGKILL)
        }
        // Killed before the folder says what was asked for, there is nothing to resume.
        var folder: String?
        while folder == nil {
          try? FileManager.default.removeItem(atPath: out)
          _ = try Command(["run"] + Self.what + ["--out", out], whileRunning: killSoon)
          folder = try? runFolder(in: out)
          if let path = folder,
            !FileManager.default.fileExists(atPath: path + "/environment.json")
          {
            folder = nil
          }
        }
        let path = try #require(folder)
        for _ in 0..<2 {
          _ = try Command(["run", "--resume", path], whileRunning: killSoon)
        }
        let last = try Command(["run", "--resume", path])
        #expect(last.exitCode == 0, "\(last.errors)")
        let files = try RunFiles(folder: path)
        expectSame(files, as: expected)
        #expect(files.plan.count == tiles)
        #expect(!FileManager.default.fileExists(atPath: path + "/.journal"))
        let again = try Command(["run", "--resume", path])
        #expect(again.exitCode == 0 && again.output.contains("is complete"))
        #expect(try RunFiles(folder: path).samples == files.samples)
      }
    }
  }

  @Test("On another host or with another program it is not continued, which is exit code 5")
  func otherHost() throws {
    try withTemporaryFolder { parent in
      let first = try Command(
        ["run"] + Self.what + ["--rounds", "100000", "--out", parent],
        whileRunning: { process in
          Thread.sleep(forTimeInterval: 1)
          kill(process.processIdentifier, SIGINT)
        })
      #expect(first.errors.contains("--resume"))
      let path = try runFolder(in: parent)
      let file = URL(fileURLWithPath: path + "/environment.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      let hostClass = try Environment(contentsOf: file.path).host.hostClass
      try Data(text.replacing("\"\(hostClass)\"", with: "\"elsewhere\"").utf8).write(to: file)
      let refused = try Command(["run", "--resume", path])
      #expect(refused.exitCode == 5)
      #expect(refused.errors.contains("host.host_class was 'elsewhere', is '\(hostClass)'"))
      let changed = try Command(["run", "--resume", path, "--rounds", "3"])
      #expect(changed.exitCode == 64 && changed.errors.contains("--rounds cannot be changed"))
      #expect(try Command(["run", "--resume", parent + "/none"]).exitCode == 66)
    }
  }

  @Test(
    "With a full disk the run ends with exit code 6, and goes on when there is space",
    .enabled(if: SmallDisk.canBeMade, "mounting a small disk takes root"))
  func fullDisk() throws {
    let disk = try #require(SmallDisk(byteCount: 96 << 10))
    let full = try Command(["run"] + Self.what + ["--out", disk.path])
    #expect(full.exitCode == 6, "\(full.errors)")
    #expect(full.errors.contains("space"))
    let path = try runFolder(in: disk.path)
    let before = try Schema.samples.rows(inFolder: path)
    #expect(!before.isEmpty)
    #expect(disk.grow(to: 8 << 20))
    let resumed = try Command(["run", "--resume", path])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    try withTemporaryFolder { parent in
      _ = try Command(["run"] + Self.what + ["--out", parent])
      expectSame(try RunFiles(folder: path), as: try RunFiles(folder: runFolder(in: parent)))
    }
  }

  @Test("What is too slow for a given time is left out with a reason, unless it is named")
  func slowWithinBudget() throws {
    let sentence = "  not naive: naive would take too much of the time that the run was given"
    let arguments = ["run", "--dry-run", "--layer", "conv2,relu2", "--budget"]
    let short = try Command(arguments + ["10s"])
    #expect(short.exitCode == 0, "\(short.errors)")
    #expect(short.output.components(separatedBy: sentence).count == 2, "\(short.output)")
    #expect(short.output.contains("alexnet relu2, batch 1, threads 1, isolated: naive(baseline)"))
    let long = try Command(arguments + ["1h"])
    #expect(long.exitCode == 0 && !long.output.contains(sentence), "\(long.output)")
    let named = try Command(arguments + ["10s", "--backend", "naive,simd"])
    #expect(named.exitCode == 0 && !named.output.contains(sentence), "\(named.output)")
  }

  @Test("A dry run says what would be measured and leaves nothing behind")
  func dryRun() throws {
    try withTemporaryFolder { parent in
      let command = try Command([
        "run", "--dry-run", "--network", "caffenet-mini", "--threads", "1,2", "--out",
        parent + "/runs",
      ])
      #expect(command.exitCode == 0, "\(command.errors)")
      #expect(command.output.contains("caffenet-mini conv1, batch 1, threads 1, isolated: naive"))
      #expect(command.output.contains("caffenet-mini net, batch 1, threads 2, in-net+net: "))
      #expect(command.output.contains("  not naive: naive runs on one thread by definition"))
      #expect(command.output.contains("in all 48 groups: about"))
      #expect(!FileManager.default.fileExists(atPath: parent + "/runs"))
      let huge = try Command([
        "run", "--dry-run", "--batch", "1000000", "--layer", "conv1", "--backend", "simd",
      ])
      #expect(huge.exitCode == 0)
      #expect(huge.output.contains("more than 70 %"))
      // A call of seconds takes no turns.
      let slow = try Command([
        "run", "--dry-run", "--network", "alexnet", "--pass", "net", "--backend", "naive", "--out",
        parent + "/runs",
      ])
      #expect(slow.output.contains("naive(baseline); each on its own, about"), "\(slow.output)")
    }
  }
}
