import Foundation
import Results
import Testing

@Suite("Programs on the command line")
struct ProgramCommandTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static let hasPython: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "python3 -c 'import json, array' 2>/dev/null"]
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  @Test(
    "The command of the article runs, and its rows can be measured again",
    .enabled(if: hasPython, "python3 is not installed"))
  func example() throws {
    try withTemporaryFolder { parent in
      let engine = Self.root.appendingPathComponent("Examples/engine.py").path
      let program = "mine=python3 '\(engine)'"
      let command = try Command([
        "run", "--program", program, "--network", "alexnet-mini", "--layer", "relu6,fc8",
        "--backend", "mine,simd", "--rounds", "2", "--out", parent,
      ])
      #expect(command.exitCode == 0, "\(command.errors)")
      let files = try RunFiles(folder: runFolder(in: parent))
      let rows = files.workloads.filter { $0.key.backend == "mine" }
      #expect(rows.map(\.status) == [.ok, .ok])
      #expect(command.output.contains("mine"))
      // A shell that reads the command again starts the same program.
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      let words = try #require(rows.first).repro.dropFirst("alexbench run ".count)
      process.arguments = [
        "-c", "'\(Command.program)' run --rounds 1 --out '\(parent)' \(words) >/dev/null 2>&1",
      ]
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
  }

  @Test(
    "It is checked in fresh launches and by verify too",
    .enabled(if: hasPython, "python3 is not installed"))
  func otherCommands() throws {
    let engine = Self.root.appendingPathComponent("Examples/engine.py").path
    let selection = [
      "--program", "mine=python3 '\(engine)'", "--network", "alexnet-mini", "--layer", "fc8",
      "--backend", "mine,naive",
    ]
    let verify = try Command(["verify"] + selection)
    #expect(verify.exitCode == 0, "\(verify.errors)")
    #expect(verify.output.contains("mine"))
    try withTemporaryFolder { parent in
      let run = try Command(
        ["run", "--launches", "2", "--rounds", "2", "--out", parent] + selection)
      #expect(run.exitCode == 0, "\(run.errors)")
      let files = try RunFiles(folder: runFolder(in: parent))
      for backend in ["mine", "naive"] {
        let launches = files.samples.filter { $0.key.backend == backend }.map(\.launch)
        #expect(Set(launches) == [0, 1])
      }
    }
  }

  @Test(
    "A run with a program is estimated, interrupted and resumed like any other",
    .enabled(if: hasPython, "python3 is not installed"))
  func resumed() throws {
    let engine = Self.root.appendingPathComponent("Examples/engine.py").path
    let selection = [
      "--program", "mine=python3 '\(engine)'", "--network", "alexnet-mini", "--layer", "fc8",
      "--backend", "mine,naive",
    ]
    try withTemporaryFolder { parent in
      let forecast = try Command(["run", "--dry-run", "--out", parent] + selection)
      #expect(forecast.exitCode == 0, "\(forecast.errors)")
      #expect(forecast.output.contains("mine"))
      // Interrupted as soon as the folder says what was asked for.
      _ = try Command(
        ["run", "--rounds", "60", "--out", parent] + selection,
        whileRunning: { process in
          let deadline = ContinuousClock.now + .seconds(60)
          while process.isRunning, ContinuousClock.now < deadline {
            let folder = try? runFolder(in: parent)
            let file = "\(folder ?? parent)/environment.json"
            if FileManager.default.fileExists(atPath: file) { break }
            Thread.sleep(forTimeInterval: 0.01)
          }
          process.interrupt()
        })
      let path = try runFolder(in: parent)
      let last = try Command(["run", "--resume", path])
      #expect(last.exitCode == 0, "\(last.errors)")
      let files = try RunFiles(folder: path)
      #expect(files.workloads.map(\.key.backend).sorted() == ["mine", "naive"])
      #expect(files.workloads.allSatisfy { $0.status == .ok })
      for backend in ["mine", "naive"] {
        // None missing, and none twice.
        let rounds = files.samples.filter { $0.key.backend == backend }.map(\.round)
        #expect(!rounds.isEmpty && rounds == Array(rounds.indices))
      }
    }
  }

  @Test(
    "Programs that cannot be used are refused with a sentence",
    arguments: [
      (["--program", "simd=true"], 64, "there already is a backend 'simd'"),
      (
        ["--program", #"x=read l; echo '{"version":99}'"#], 5,
        "the worker protocol is version"
      ),
      (["--program", "x=/proc/nonexistent/engine"], 3, "ended at 'hello' with exit code 127"),
    ] as [([String], Int32, String)])
  func refusals(arguments: [String], exitCode: Int32, sentence: String) throws {
    try withTemporaryFolder { parent in
      let script = parent + "/engine"
      var arguments = arguments
      if let text = arguments[1].split(separator: "=", maxSplits: 1).last, text.hasPrefix("read") {
        try "#!/bin/sh\n\(text)\n".write(toFile: script, atomically: true, encoding: .utf8)
        arguments[1] = "x=/bin/sh '\(script)'"
      }
      let command = try Command(
        ["verify", "--problem", "c4 h9 k6 r3 p1", "--backend", "x,naive"] + arguments)
      #expect(command.exitCode == exitCode, "\(command.errors)")
      #expect((command.errors + command.output).contains(sentence), "\(command.errors)")
    }
  }

  @Test(
    "What is no NAME=COMMAND is usage",
    arguments: ["x", "x=", "=true", "a,b=true", "all=true", "x= "])
  func usage(text: String) throws {
    #expect(try Command(["run", "--program", text]).exitCode == 64)
  }

  @Test("Without their environment the peers say how to get it, and all else works")
  func withoutPeers() throws {
    try withTemporaryFolder { folder in
      let environment = ["ALEXBENCH_PEERS": folder + "/.peers"]
      let list = try Command(["list", "backends"], environment: environment)
      for name in ["onnxruntime", "openvino"] {
        let line = try #require(
          list.output.split(separator: "\n").first { $0.hasPrefix(name) })
        #expect(line.contains("unavailable") && line.contains("run Scripts/peers"))
        let asked = try Command(
          ["verify", "--problem", "c4 h9 k6 r3 p1", "--backend", name], environment: environment)
        #expect(asked.exitCode == 3)
        #expect(asked.errors.contains("Scripts/peers"))
      }
      let all = try Command(
        ["verify", "--problem", "c4 h9 k6 r3 p1"], environment: environment)
      #expect(all.exitCode == 0, "\(all.errors)")
    }
  }
}
