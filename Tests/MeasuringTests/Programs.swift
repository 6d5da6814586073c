import Backends
import Execution
import Foundation
import Measuring
import Results
import Testing

/// Programs of the tests that speak the worker protocol, rightly or not.
enum Programs {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Whether the example can run: it needs an interpreter and nothing else.
  static let hasPython: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "python3 -c 'import json, array' 2>/dev/null"]
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  /// The example of the article.
  static let example = ProgramBackend(
    name: "example", summary: "the example of the article",
    program: ExternalProgram(
      shell: "python3 " + root.appendingPathComponent("Examples/engine.py").path))

  /// This program's own worker, which takes the name of its backend.
  static func worker(_ name: String, filter: String = "") -> ProgramBackend {
    shell(name, "'\(WorkerTests.program)' worker\(filter)")
  }

  static func shell(_ name: String, _ script: String) -> ProgramBackend {
    ProgramBackend(
      name: name, summary: "a program of the tests",
      program: ExternalProgram(command: ["/bin/sh", "-c", script]))
  }

  /// A program that greets, then does as it is told.
  /// - Parameters:
  ///   - prepare: commands of a shell that answer; the request is in `$line`.
  ///   - outputs: the same; the file to write is `$file`.
  static func fake(
    prepare: String = Programs.prepared, outputs: String = "exit 9", time: String = "exit 9"
  ) -> ProgramBackend {
    shell(
      "fake",
      #"""
      while read -r line; do
        file=$(printf '%s' "$line" | sed -n 's/.*"file":"\([^"]*\)".*/\1/p')
        case "$line" in
        *'"op":"hello"'*)
          echo '{"version":\#(WorkerProtocol.version),"identity":{"program":"fake","processID":1}}';;
        *'"op":"prepare"'*) \#(prepare);;
        *'"op":"outputs"'*) \#(outputs);;
        *'"op":"time"'*) \#(time);;
        *) echo '{}';;
        esac
      done
      """#)
  }

  static let prepared = #"echo '{"prepared":{"handle":1,"facts":{"implementation":"fake"}}}'"#

  /// The answer to `outputs` with so many floats.
  static func blobs(value: Int, count: Int) -> String {
    #"echo '{"blobs":[{"value":\#(value),"blob":"conv","count":\#(count)}]}'"#
  }
}

/// What a worker of this program is asked for.
final class RequestLog {
  private let path = FileManager.default.temporaryDirectory
    .appendingPathComponent("alexbench-requests-\(UUID().uuidString)").path

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A shell's command of a worker whose requests are kept.
  var command: String { "tee -a '\(path)' | '\(WorkerTests.program)' worker" }

  /// The worker as a backend, which takes the name of its own.
  func program(_ name: String) -> ProgramBackend { Programs.shell(name, command) }

  /// All requests, once the worker has ended.
  func all() throws -> [WorkerProtocol.Request] {
    try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: UInt8(ascii: "\n")).map {
      try JSONDecoder().decode(WorkerProtocol.Request.self, from: $0)
    }
  }
}

/// Runs the options on backends some of which are programs.
func run(
  _ options: RunOptions, routing backends: [any Backend], timeout: Duration = .seconds(60)
) throws -> RunRecord {
  try Runner(
    RunMatrix(options, backends: backends),
    makeHost: { _ in RoutingHost(base: LocalHost { _ in [] }, timeout: timeout) },
    progress: .silent, isInterrupted: { false }
  ).run()
}
