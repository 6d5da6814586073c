import Foundation
import Results
import Testing

/// The program against itself and against programs that misbehave; times are never looked at.
@Suite struct CheckTests {
  /// The smallest check there is.
  private static let small = [
    "--network", "alexnet-mini", "--backend", "simd", "--layer", "conv3", "--pairs", "6",
  ]

  private func check(
    _ arguments: [String], environment: [String: String?] = [:]
  ) throws -> Command {
    var variables: [String: String?] = [
      "ALEXBENCH_ISA": nil, "GITHUB_ACTIONS": nil, "GITHUB_STEP_SUMMARY": nil,
    ]
    variables.merge(environment) { $1 }
    return try Command(["check"] + arguments, environment: variables)
  }

  @Test("A check of the program against itself records its pairs, and finds no regression")
  func itself() throws {
    try withTemporaryFolder { folder in
      let step = folder + "/step.md"
      let command = try check(
        ["--against", Command.program, "--out", folder + "/checks", "--summary", folder + "/s.md"]
          + Self.small,
        environment: ["GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": step])
      // What differs by chance is not the code's doing.
      #expect([0, 75].contains(command.exitCode), "\(command.errors)")
      #expect(command.output.contains("at most 8.0 min"))
      let run = try runFolder(in: folder + "/checks")
      let rows = try Schema.pairs.rows(inFolder: run)
      #expect(rows.filter { $0.role == .gated && $0.attempt == 1 }.map(\.pair) == Array(0..<6))
      #expect(rows.allSatisfy { $0.status == .ok })
      #expect(
        rows.filter { $0.role == .gated }.allSatisfy {
          $0.base.code == $0.head.code && !$0.base.code.isEmpty
            && $0.isHeadFirst == ($0.pair % 2 == 1)
        })
      #expect(rows.contains { $0.role == .control })
      #expect(rows.contains { $0.role == .sentinel && $0.key.layer == "clock" })
      for name in ["summary.md", "junit.xml", "bencher.json", "environment.json", "samples.csv"] {
        #expect(FileManager.default.fileExists(atPath: "\(run)/\(name)"), "\(name)")
      }
      let summary = try String(contentsOfFile: folder + "/s.md", encoding: .utf8)
      #expect(summary.hasPrefix("## alexbench check --against"))
      #expect(try String(contentsOfFile: step, encoding: .utf8) == summary)
      // The recorded pairs give the same verdict.
      let again = try check(["--replay", run])
      #expect(again.exitCode == command.exitCode)
      let verdict = try #require(again.output.split(separator: "\n").last)
      #expect(command.output.contains(verdict + "\n"))
    }
  }

  @Test("A layer that is slowed down on purpose is named, and measured a second time")
  func slowDown() throws {
    try withTemporaryFolder { folder in
      let command = try check(
        ["--against", Command.program, "--out", folder, "--slow-down", "conv3=300%"] + Self.small)
      // A machine that is too loud to tell is no failure of the program.
      #expect([2, 75].contains(command.exitCode), "\(command.output)\(command.errors)")
      #expect(command.output.contains("measuring again: alexnet-mini conv3"))
      if command.exitCode == 2 {
        #expect(command.output.contains("again: alexbench check --against"))
        #expect(command.output.contains("--slow-down conv3=300.0%") == false)
        #expect(command.output.contains("--slow-down simd:conv3=300%"))
      }
      let rows = try Schema.pairs.rows(inFolder: runFolder(in: folder))
      #expect(rows.contains { $0.attempt == 2 && $0.isHeadFirst == ($0.pair % 2 == 0) })
      #expect(rows.allSatisfy { $0.role != .gated || $0.head.code.hasSuffix("+handicap300%") })
    }
  }

  @Test(
    "A program that crashes, hangs, is no worker or speaks another version is told apart",
    arguments: [
      ("kill -SEGV $$", 3, "signal 11"), ("sleep 600", 3, "did not answer"),
      ("echo hello; sleep 1", 3, "is no reply"),
      ("read line; echo '{\"version\":99}'; sleep 1", 5, "version 99"),
    ])
  func misbehaving(script: String, exitCode: Int32, sentence: String) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/base"
      try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      let command = try check(
        ["--against", path, "--out", folder + "/checks", "--timeout", "2s"] + Self.small)
      #expect(command.exitCode == exitCode, "\(command.errors)")
      #expect(command.errors.contains(sentence), "\(command.errors)")
    }
  }

  @Test(
    "What makes no sense is refused",
    arguments: [
      (["check"], 64, "one of --against"),
      (["check", "--deterministic", "--replay", "x"], 64, "one of --against"),
      (["check", "--against", "/proc/nonexistent"], 66, "/proc/nonexistent"),
      (
        ["check", "--against", Command.program, "--backend", "simd", "--out", "/proc/checks"], 6,
        "/proc/checks"
      ),
      (["check", "--against", Command.program, "--pairs", "5"], 64, "6 to 500"),
      (["check", "--against", Command.program, "--backend", "simb"], 64, "did you mean 'simd'?"),
      (["check", "--against", Command.program, "--pass", "in-net"], 64, "layers alone and nets"),
      (["check", "--replay", "/proc/nonexistent"], 66, "/proc/nonexistent"),
      (
        ["check", "--against", Command.program, "--policy", "/proc/nonexistent"], 66,
        "/proc/nonexistent"
      ),
      (["baseline", "save", "a/b"], 64, "cannot be the name of a baseline"),
      (["baseline", "save", "x", "--run", "/proc/nonexistent"], 66, "/proc/nonexistent"),
      (["baseline", "delete", "x", "--baselines", "/proc/nonexistent"], 66, "/proc/nonexistent"),
      (
        ["check", "--baseline", "x", "--baselines", "/proc/nonexistent"], 5,
        "there is no baseline 'x'"
      ),
    ] as [([String], Int32, String)])
  func refusals(arguments: [String], exitCode: Int32, sentence: String) throws {
    try withTemporaryFolder { folder in
      let command = try Command(
        arguments, environment: ["ALEXBENCH_ISA": nil], workingFolder: folder)
      #expect(command.exitCode == exitCode, "\(command.errors)")
      #expect(command.errors.contains(sentence), "\(command.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }
}
