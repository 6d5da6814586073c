import Files
import Foundation
import Kernels
import Processes
import Results

/// A worker under callgrind, which counts one call of each workload.
final class CallgrindChild {
  private let worker: WorkerHost
  private let events: [String]
  private let folder: URL

  /// - Parameter command: of a worker of this program, without valgrind.
  /// - Throws: that there is no valgrind, or that the worker does not start.
  init(worker command: [String], events: [String]) throws {
    self.events = events
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-callgrind-\(UUID().uuidString)")
    try createFolders(folder.path)
    do {
      worker = try Self.start(command, events: events, folder: folder)
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  private static func start(_ command: [String], events: [String], folder: URL) throws -> WorkerHost
  {
    let source = CallgrindSource()
    guard let program = command.first, source.unavailability(of: "Ir") == nil else {
      throw MeasuringError.unavailable(
        source.unavailability(of: "Ir") ?? "the command of a worker is empty")
    }
    // Valgrind gives up on debug information that is newer than itself, which nobody needs here.
    let bare = folder.appendingPathComponent("alexbench").path
    try strip(program, to: bare)
    let log = folder.appendingPathComponent("log").path
    guard
      let command = source.command(
        [bare] + command.dropFirst(), file: folder.appendingPathComponent("counts").path, log: log,
        simulatesCaches: events.contains { $0 != "Ir" })
    else { throw MeasuringError.unavailable("callgrind cannot be started") }
    do { return try WorkerHost(command: command) } catch MeasuringError.worker(let sentence) {
      let lines = (try? String(contentsOfFile: log, encoding: .utf8))?.split(separator: "\n") ?? []
      let last = lines.last { $0.contains(" ") }.map { "; it said: \($0)" } ?? ""
      throw MeasuringError.worker("under valgrind, \(sentence)\(last)")
    }
  }

  private static func strip(_ program: String, to copy: String) throws {
    let strip = Program(
      "strip", ["--strip-debug", "-o", copy, program], timeLimit: .seconds(120))
    let end: ProcessEnd
    do { end = try strip.run().end } catch .missing { end = .exit(127) }
    guard end == .exit(0) else {
      throw MeasuringError.unavailable(
        "callgrind needs a copy of this program without debug information, and 'strip' could not "
          + "make it: apt-get install binutils")
    }
  }

  /// What is prepared and counted inside.
  struct Count {
    var facts: WorkloadFacts
    var readings: [CounterReading]
  }

  /// Counts one call; nil, before it is counted, of a workload that is not wanted.
  /// - Throws: ``MeasuringError/workload(status:reason:)`` when it cannot be had inside.
  func count(
    _ request: WorkloadRequest, ifWanted isWanted: (WorkloadFacts) -> Bool = { _ in true }
  ) throws -> Count? {
    let workload = try worker.prepare(request)
    guard isWanted(workload.facts.facts) else { return nil }
    let readings = try workload.counters(
      [CounterRequest(source: CallgrindSource.sourceName, events: events)], calls: 1,
      allowsMultiplexing: false)
    return Count(facts: workload.facts.facts, readings: readings)
  }

  /// Counts what runs outside as `native`: with the same tiles, and with the best instruction set
  /// that the simulated processor has.
  func count(_ request: WorkloadRequest, as native: PreparedFacts) throws -> [CounterReading] {
    func unavailable(_ reason: String) -> [CounterReading] {
      CounterReading.unavailable(
        [CounterRequest(source: CallgrindSource.sourceName, events: events)], reason: reason)
    }
    guard request.place.threads == 1 else {
      return unavailable(
        "threads take turns inside, so that their waiting would be counted; use --threads 1")
    }
    var request = request
    request.measuresReorders = false
    for candidate in native.candidates where candidate.isChosen {
      request.tiles[candidate.layer] = candidate.tile
    }
    let all = InstructionSet.allCases
    let own = all.firstIndex(of: request.kernels) ?? 0
    var reason = ""
    // From the one outside down to plain x86-64.
    for isa in all[own...] {
      request.kernels = isa
      do {
        guard var count = try count(request) else { continue }
        if let difference = Self.difference(inside: count.facts, outside: native.facts) {
          for index in count.readings.indices where count.readings[index].status == .ok {
            count.readings[index].status = .advisory
            count.readings[index].reason = difference
          }
        }
        return count.readings
      } catch MeasuringError.workload(_, let sentence) {
        reason = sentence
      }
    }
    return unavailable("inside callgrind: \(reason)")
  }

  /// Why a count says little about the code outside; nil when it is the same code.
  static func difference(inside: WorkloadFacts, outside: WorkloadFacts) -> String? {
    guard inside.implementation != outside.implementation || inside.kernelID != outside.kernelID
    else { return nil }
    return "inside ran \(inside.implementation) (\(inside.kernelID)), outside "
      + "\(outside.implementation) (\(outside.kernelID))"
  }

  func close() {
    worker.close()
    try? FileManager.default.removeItem(at: folder)
  }
}
