import Foundation
import Testing

/// Commands under a limit of processes and threads, which binds every user but root: they end with
/// one sentence or with their work done, and never hang.
@Suite("Limits", .serialized)
struct LimitTests {
  /// How a command is run as a user that nothing else runs as; nil where that is not possible.
  ///
  /// The number is one that nobody has, so that only what a test starts counts.
  private static let user: [String]? = {
    guard getuid() == 0 else { return nil }
    let wrapper = ["/usr/bin/setpriv", "--reuid=64017", "--regid=64017", "--clear-groups", "--"]
    guard FileManager.default.isExecutableFile(atPath: wrapper[0]) else { return nil }
    // The program must be in reach of that user.
    let process = Process()
    process.executableURL = URL(fileURLWithPath: wrapper[0])
    process.arguments = wrapper.dropFirst() + [Command.program, "--version"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    process.waitUntilExit()
    return process.terminationStatus == 127 || process.terminationStatus == 126 ? nil : wrapper
  }()

  struct Case: CustomTestStringConvertible, Sendable {
    var arguments: [String]
    /// Threads and processes that may live, this command's first thread included.
    var limit: Int
    /// Whether it can do its work all the same.
    var mayWork = false
    var environment: [String: String?] = [:]
    var testDescription: String { "ulimit -u \(limit): \(arguments.joined(separator: " "))" }
  }

  private static let layer = [
    "--network", "alexnet-mini", "--layer", "fc8", "--rounds", "2", "--out", "OUT",
    "--allow-debug",
  ]

  private static let cases: [Case] = [1, 2, 3].flatMap { limit -> [Case] in
    [
      Case(arguments: ["run", "--backend", "simd"] + layer, limit: limit, mayWork: true),
      Case(
        arguments: ["run", "--backend", "simd", "--threads", "4"] + layer, limit: limit),
      Case(
        arguments: ["run", "--backend", "im2col-openblas,im2col-blis,onednn", "--threads", "1"]
          + layer, limit: limit, mayWork: true),
      Case(
        arguments: ["run", "--backend", "im2col-openblas,im2col-blis,onednn", "--threads", "4"]
          + layer, limit: limit),
      Case(
        arguments: ["run", "--backend", "simd", "--counters", "callgrind"] + layer,
        limit: limit, mayWork: true),
      Case(
        arguments: ["verify", "--network", "alexnet-mini", "--layer", "fc8", "--backend", "simd"],
        limit: limit, mayWork: true),
      Case(
        arguments: [
          "verify", "--network", "alexnet-mini", "--layer", "fc8", "--backend", "simd",
          "--threads", "4",
        ], limit: limit),
      Case(
        arguments: [
          "tune", "--network", "alexnet-mini", "--batch", "1", "--threads", "4", "--budget", "1s",
          "--output", "OUT/plan.csv",
        ], limit: limit),
      Case(arguments: ["host"], limit: limit, mayWork: true),
      Case(arguments: ["list", "backends"], limit: limit, mayWork: true),
    ]
      + (limit > 1
        ? []
        : [
          Case(
            arguments: ["run", "--backend", "simd", "--launches", "2"] + layer, limit: limit),
          Case(
            arguments: ["run", "--backend", "mine", "--program", "mine=/bin/cat"] + layer,
            limit: limit, mayWork: true),
          Case(
            arguments: [
              "check", "--against", Command.program, "--network", "alexnet-mini", "--layer", "fc8",
              "--backend", "simd", "--quick", "--out", "OUT",
            ], limit: limit),
          Case(arguments: ["plot", "RUN", "--out", "OUT/plots"], limit: limit),
          Case(arguments: ["report", "RUN", "-o", "OUT/report.html"], limit: limit, mayWork: true),
        ])
  }

  @Test(
    "A command that gets no threads or no children ends, with one sentence if it fails",
    .enabled(if: user != nil, "only root can run a command as another user, with setpriv"),
    arguments: cases)
  func limited(_ test: Case) throws {
    let wrapper = try #require(Self.user)
    try withTemporaryFolder { folder in
      chmod(folder, 0o777)
      let run = Self.root.appendingPathComponent("results/sample").path
      let names = try FileManager.default.contentsOfDirectory(atPath: run).sorted()
      let sample = try #require(names.first { !$0.hasPrefix(".") && !$0.contains(".") })
      let words = test.arguments.map {
        $0.replacingOccurrences(of: "OUT", with: folder)
          .replacingOccurrences(of: "RUN", with: "\(run)/\(sample)")
      }
      let script = "ulimit -u \(test.limit) && exec \"$@\""
      let command = try Command(
        program: wrapper + ["/bin/bash", "-c", script, "bash", Command.program] + words,
        environment: ["HOME": folder, "TMPDIR": folder], workingFolder: folder, limit: 120)
      #expect(command.exitCode != SIGKILL, "it hung; \(command.errors)")
      #expect(command.exitCode < 128, "\(command.errors)")
      if !test.mayWork { #expect(command.exitCode != 0, "\(command.output)") }
      #expect([0, 3].contains(command.exitCode), "\(command.errors)")
      if command.exitCode != 0 {
        let sentences = command.errors.split(separator: "\n").filter {
          // A debug build does not even try to tune or to check.
          $0.contains("ulimit -u") || $0.contains("this is a debug build")
        }
        #expect(sentences.count == 1, "exit code \(command.exitCode): \(command.errors)")
        #expect(sentences.allSatisfy { $0.hasPrefix("alexbench: ") })
      }
    }
  }

  private static let networks: [[String]] = [
    ["run", "--backend", "simd,winograd"] + layer,
    ["run", "--backend", "im2col-openblas"] + layer,
    ["run", "--backend", "onednn"] + layer,
    ["verify", "--network", "alexnet-mini", "--backend", "simd"],
    [
      "run", "--network", "alexnet", "--pass", "net", "--backend", "simd", "--rounds", "2", "--out",
      "OUT", "--allow-debug",
    ],
    ["describe", "googlenet"],
    ["host"],
  ]

  @Test(
    "A command with little address space ends, with a sentence if it fails",
    arguments: networks, [131_072, 200_000, 300_000, 500_000])
  func addressSpace(arguments: [String], kibibytes: Int) throws {
    try withTemporaryFolder { folder in
      let words = arguments.map { $0 == "OUT" ? folder : $0 }
      let command = try Command(
        program: ["/bin/bash", "-c", "ulimit -v \(kibibytes) && exec \"$@\"", "bash"]
          + [Command.program] + words, limit: 120)
      #expect([0, 3].contains(command.exitCode), "\(command.exitCode): \(command.errors)")
      if command.exitCode == 3 {
        #expect(command.errors.contains("alexbench: "), "\(command.errors)")
      }
      guard arguments.contains("net") else { return }
      #expect(command.exitCode == 3)
      guard let run = try? runFolder(in: folder) else { return }
      let rows = try String(contentsOfFile: run + "/workloads.csv", encoding: .utf8)
      #expect(rows.contains("MiB that ulimit -v leaves"), "\(rows)")
    }
  }

  @Test("A command that was started with SIGCHLD ignored sees its children end")
  func ignoredSignal() throws {
    try withTemporaryFolder { folder in
      let command = try Command(
        program: ["/usr/bin/env", "--ignore-signal=CHLD", Command.program, "run"]
          + ["--backend", "simd", "--launches", "2"]
          + Self.layer.map { $0 == "OUT" ? folder : $0 }, limit: 300)
      if command.exitCode == 125 { try Test.cancel("env ignores no signals here") }
      #expect(command.exitCode == 0, "\(command.errors)")
    }
  }

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
}
