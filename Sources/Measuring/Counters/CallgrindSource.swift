import CSupport
import Foundation
import Processes

/// Instructions and cache misses of a simulated processor: valgrind's callgrind, in a child process
/// that runs nothing but one layer.
///
/// Repeatable, since nothing else has an influence, and slow: some ten times slower than the
/// processor, and a thousand times for fused multiply-adds. It has no AVX-512.
package final class CallgrindSource: CounterSource {
  package static let sourceName = "callgrind"
  package let name = CallgrindSource.sourceName
  package let summary = "instructions and simulated caches, in a child process under valgrind; slow"
  package let isOnRequest = true
  /// Instructions, data reads and writes, misses of the first and of the last level.
  package let defaultEvents = ["Ir", "Dr", "Dw", "D1mr", "D1mw", "DLmr", "DLmw"]
  package let knownEvents: [String]? = [
    "Ir", "Dr", "Dw", "I1mr", "D1mr", "D1mw", "ILmr", "DLmr", "DLmw",
  ]
  private let path: String

  /// - Parameter path: folders that valgrind is looked for in, as in `$PATH`.
  package init(path: String = ProcessInfo.processInfo.environment["PATH"] ?? "") {
    self.path = path
  }

  /// The variable that tells a child which file callgrind writes.
  private static let fileVariable = "ALEXBENCH_CALLGRIND_FILE"

  /// Whether this process is such a child.
  static var isChild: Bool {
    alex_runs_on_valgrind() != 0 && ProcessInfo.processInfo.environment[fileVariable] != nil
  }

  private var valgrind: String? {
    path.split(separator: ":").map { "\($0)/valgrind" }.first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }

  /// For example `valgrind-3.19.0`; nil without valgrind.
  package var version: String? {
    guard let valgrind else { return nil }
    let outcome = try? Program(valgrind, ["--version"], timeLimit: .seconds(20)).run()
    return outcome.map {
      String(decoding: $0.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  package func unavailability(of event: String) -> String? {
    if let knownEvents, !knownEvents.contains(event) {
      return "no such event; there is \(knownEvents.joined(separator: ", "))"
    }
    #if !arch(x86_64)
      return "requests to valgrind are implemented for x86-64 only"
    #else
      if Self.isChild || valgrind != nil { return nil }
      return "valgrind is not installed: apt-get install valgrind"
    #endif
  }

  /// The command that starts a program as such a child; nil without valgrind.
  /// - Parameters:
  ///   - file: that callgrind writes, with numbers appended.
  ///   - log: file for valgrind's own messages.
  ///   - simulatesCaches: off where only instructions are wanted, which is faster.
  package func command(_ program: [String], file: String, log: String, simulatesCaches: Bool)
    -> [String]?
  {
    guard let valgrind else { return nil }
    return [
      "/usr/bin/env", "\(Self.fileVariable)=\(file)",
      // A library's second thread would take turns with the first one and be counted too.
      "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1",
      // Otherwise what is allocated, and with it where buffers lie, differs from process to process;
      // loops that the compiler made two versions of choose by where their buffers lie.
      "SWIFT_DETERMINISTIC_HASHING=1",
      valgrind, "--tool=callgrind", "--log-file=\(log)", "--instr-atstart=no",
      "--collect-atstart=no",
      "--callgrind-out-file=\(file)", "--cache-sim=\(simulatesCaches ? "yes" : "no")",
      // One machine's caches for all, so that counts can be compared.
      "--I1=32768,8,64", "--D1=32768,8,64", "--LL=8388608,16,64",
    ] + program
  }

  /// Counts in a process that was started with ``command(_:file:simulatesCaches:)``.
  package func count(
    _ names: [String], calls: Int, allowsMultiplexing: Bool, _ body: () -> Void
  ) -> [CounterReading] {
    guard Self.isChild, let file = ProcessInfo.processInfo.environment[Self.fileVariable] else {
      return names.map {
        .unavailable(name, $0, "this process does not run under callgrind")
      }
    }
    let known = Self.dumps(of: file)
    alex_callgrind_start()
    for _ in 0..<calls { body() }
    alex_callgrind_stop()
    alex_callgrind_dump()
    guard let dump = Self.dumps(of: file).subtracting(known).first,
      let totals = ProcessThreads.text(dump).flatMap(Self.totals)
    else {
      return names.map { .unavailable(name, $0, "callgrind wrote no counts to \(file)") }
    }
    try? FileManager.default.removeItem(atPath: dump)
    return names.map { event in
      guard let value = totals[event] else {
        return .unavailable(name, event, "callgrind was started without its simulation of caches")
      }
      return CounterReading(
        source: name, event: event, status: .ok, value: value, callCount: calls,
        scope: .simulated, threadsCounted: 1, threadsSeen: 1)
    }
  }

  /// Files that callgrind has written so far.
  private static func dumps(of file: String) -> Set<String> {
    let url = URL(fileURLWithPath: file)
    let folder = url.deletingLastPathComponent().path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return Set(
      names.filter { $0.hasPrefix(url.lastPathComponent + ".") }.map { "\(folder)/\($0)" })
  }

  /// Counts by event of one file; nil when it is none of callgrind's.
  package static func totals(_ text: String) -> [String: Int]? {
    var events: [Substring]?
    var totals: [Int]?
    for line in text.split(separator: "\n") {
      if line.hasPrefix("events:") { events = line.split(separator: " ").dropFirst().map { $0 } }
      if line.hasPrefix("totals:") || line.hasPrefix("summary:") {
        totals = line.split(separator: " ").dropFirst().compactMap { Int($0) }
      }
    }
    guard let events, let totals else { return nil }
    // What never happened is left out at the end of a line.
    return Dictionary(
      uniqueKeysWithValues: events.enumerated().map {
        (String($1), $0 < totals.count ? totals[$0] : 0)
      })
  }
}
