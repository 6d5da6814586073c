import Foundation
import Results
import Testing

@Suite struct CounterTests {
  private static let hasPMU: Bool = {
    let list = try? Command(["list", "counters"])
    return list?.output.split(separator: "\n").contains {
      $0.trimmingPrefix(" ").hasPrefix("instructions ") && $0.contains("ready")
    } ?? false
  }()

  @Test("Sources are listed best first, with a reason for what is not there")
  func list() throws {
    let command = try Command(["list", "counters"])
    #expect(command.exitCode == 0)
    let lines = command.output.split(separator: "\n")
    let sources = lines.filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != " " } }
    #expect(sources == ["papi", "perf-hardware", "perf-software", "rusage", "callgrind"])
    for line in lines where line.contains(" unavailable ") {
      let reason = line.split(separator: " unavailable ")[1]
      #expect(reason.split(separator: " ").count > 3, "\(line)")
    }
    #expect(lines.contains { $0.contains("wall-time") && $0.contains("ready") })
  }

  @Test("auto writes a row per event and workload, never a zero that was not measured")
  func auto() throws {
    try withTemporaryFolder { parent in
      let command = try Command([
        "run", "--problem", "c4 h9 k6 r3 p1", "--backend", "naive,simd", "--rounds", "2",
        "--counters", "auto", "--show", "counters", "--breakdown", "--out", parent,
      ])
      #expect(command.exitCode == 0, "\(command.errors)")
      let files = try RunFiles(folder: runFolder(in: parent))
      // Steps inside the net are not counted one by one.
      for workload in files.workloads
      where workload.status == .ok && workload.key.pass != .inNet {
        let rows = files.counters.filter { $0.key == workload.key }
        #expect(rows.contains { $0.source == "rusage" && $0.value != nil })
        #expect(rows.contains { $0.source == "derived" && $0.event == "page_faults_per_call" })
        #expect(rows.contains { $0.source == "papi" && $0.event == "PAPI_TOT_INS" })
        for row in rows where row.status == "unavailable" || row.status == "withheld" {
          #expect(row.value == nil && row.perCall == nil && !row.reason.isEmpty, "\(row)")
        }
      }
      #expect(command.output.contains("ms counted"))
      if !Self.hasPMU { #expect(command.output.contains("not counted: ")) }

      let explained = try Command(["explain", "conv", "--run", runFolder(in: parent)])
      #expect(explained.exitCode == 0)
      #expect(explained.output.contains("rusage: wall-time "))
      #expect(explained.output.contains("  phases    "))
      // Two backends, alone and inside the net.
      #expect(explained.output.split(separator: "\n").count { $0.hasPrefix("  => ") } == 4)
      let validated = try Command(["validate", runFolder(in: parent)])
      #expect(validated.exitCode == 0, "\(validated.output)")
      #expect(validated.output.contains("counters.csv: "))
    }
  }

  @Test(
    "An event that was named and is not there ends the run before it begins",
    .enabled(if: !hasPMU))
  func named() throws {
    for counter in ["papi:PAPI_TOT_INS", "perf-hardware:instructions"] {
      try withTemporaryFolder { parent in
        let command = try Command(["run", "--counters", counter, "--out", parent])
        #expect(command.exitCode == 3)
        #expect(command.errors.split(separator: "\n").count == 1)
        #expect(command.errors.contains("counter \(counter) is not available: "))
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent).isEmpty)
      }
    }
  }

  @Test("A source that needs a missing program names the package")
  func noValgrind() throws {
    let command = try Command(
      ["run", "--counters", "callgrind", "--problem", "c4 h9 k6 r3 p1"],
      environment: ["PATH": "/proc/nonexistent"])
    #expect(command.exitCode == 3)
    #expect(command.errors.contains("apt-get install valgrind"))
    let check = try Command(
      ["check", "--deterministic"], environment: ["PATH": "/proc/nonexistent"])
    #expect(check.exitCode == 3)
    #expect(check.errors.contains("apt-get install valgrind"))
  }

  @Test(
    "Bad names are usage",
    arguments: [
      (["run", "--counters", "papy"], 64, "did you mean 'papi'?"),
      (["run", "--counters", "rusage:user-tim"], 64, "did you mean 'user-time'?"),
      (["run", "--counters", "perf-software:"], 64, "names no event"),
      (["run", "--allow-multiplexing"], 64, "--counters"),
      (["check"], 64, "--deterministic"),
      (["explain", "conv1", "--run", "/proc/nonexistent"], 66, "/proc/nonexistent"),
      (["history", "changes", "--folder", "/proc/nonexistent"], 66, "/proc/nonexistent"),
      (["history", "add", "/proc/nonexistent"], 66, "/proc/nonexistent"),
    ] as [([String], Int32, String)])
  func usage(arguments: [String], exitCode: Int32, sentence: String) throws {
    let command = try Command(arguments)
    #expect(command.exitCode == exitCode)
    #expect(command.errors.contains(sentence), "\(command.errors)")
    #expect(command.errors.split(separator: "\n").count == 1)
  }

  @Test("A sample run goes into a history once, and is explained")
  func history() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let samples = root.appendingPathComponent("results/sample").path
    let name = try #require(
      FileManager.default.contentsOfDirectory(atPath: samples).sorted().first)
    try withTemporaryFolder { folder in
      let add = ["history", "add", "\(samples)/\(name)", "--dirty", "--folder", folder]
      let first = try Command(add)
      #expect(first.exitCode == 0, "\(first.errors)")
      #expect(first.output.contains("added to "))
      #expect(!(try Command(add).output.contains("added to ")))
      let shown = try Command(["history", "show", "net", "--folder", folder])
      #expect(shown.exitCode == 0 && shown.output.contains("####"))
      let changes = try Command(["history", "changes", "--folder", folder])
      #expect(changes.output.contains("it takes 8 runs"))
      let wrong = try Command(["history", "show", "conv9", "--folder", folder])
      #expect(wrong.exitCode == 64)
    }
    let explained = try Command(["explain", "conv2", "--run", "\(samples)/\(name)"])
    #expect(explained.exitCode == 0 && explained.output.contains("  => "))
    let wrong = try Command(["explain", "conv22", "--run", "\(samples)/\(name)"])
    #expect(wrong.exitCode == 64 && wrong.errors.contains("did you mean 'conv2'?"))
  }
}
