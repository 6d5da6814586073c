import Execution
import Foundation
import Networks
import Results

/// The protocol between a runner and a worker process: JSON objects, one per line, on the worker's
/// standard input and output.
///
/// The first request is `hello` with the runner's version; a worker of another version answers
/// with an error and exits with code 5. Then any number of `prepare`, `outputs`, `time`,
/// `timeSteps`, `phases`, `counters`, `roofs` and `release`, each answered by one line, and `quit`
/// or the end of the input. Values go through a file of little-endian float32 numbers, blob after
/// blob.
///
/// A worker that is a backend of its own is asked for `hello`, `prepare`, `outputs`, `time`,
/// `release` and `quit`, and for `timeSteps` where it tells steps; it gets the graph with all
/// numbers, ``ProgramModel``. The article "Write a backend as a program" goes through the messages.
package enum WorkerProtocol {
  package static let version = 4

  /// One request.
  package struct Request: Codable, Sendable {
    package var op: Operation
    /// `hello`: the runner's version.
    package var version: Int?
    /// `prepare`: what.
    package var workload: WorkloadRequest?
    /// `outputs`, `time`, `timeSteps`, `phases`, `release`: which workload.
    package var handle: Int?
    /// `outputs`: images wanted, absent for all, and the file to write.
    package var images: [Int]?
    package var file: String?
    /// `time`, `timeSteps`: the block.
    package var block: BlockRequest?
    /// `phases`, `counters`: how many calls.
    package var calls: Int?
    /// `counters`: events, and whether those counted part of the time are extrapolated.
    package var counters: [CounterRequest]?
    package var allowsMultiplexing: Bool?
    /// `roofs`: at how many threads.
    package var roofs: RoofRequest?

    package init(op: Operation) { self.op = op }
  }

  package enum Operation: String, Codable, Sendable {
    case hello, prepare, outputs, time, timeSteps, phases, counters, roofs, release, quit
  }

  /// One reply; exactly what the request asks for is there, or `error`.
  package struct Reply: Codable, Sendable {
    /// One sentence.
    package var error: String?
    /// With an error about a workload: the status of its row.
    package var status: Status?
    /// `hello`.
    package var version: Int?
    package var identity: Identity?
    /// `prepare`.
    package var prepared: PreparedWorkload?
    /// `outputs`: what the file holds, in order.
    package var blobs: [Blob]?
    /// `time`, `timeSteps`.
    package var block: BlockMeasurement?
    /// `timeSteps`: totals over the block, one per step.
    package var stepNanoseconds: [Int]?
    /// `phases`.
    package var phases: [PhaseTime]?
    /// `counters`.
    package var counters: [CounterReading]?
    /// `roofs`: empty from a worker that cannot probe.
    package var roofs: [RoofReading]?

    package init() {}
  }

  /// Who answers.
  package struct Identity: Codable, Hashable, Sendable {
    /// For example `alexbench`.
    package var program: String
    package var processID: Int

    package init(program: String, processID: Int) {
      self.program = program
      self.processID = processID
    }
  }

  /// One blob in the file of `outputs`.
  package struct Blob: Codable, Hashable, Sendable {
    /// Index into the values of the graph.
    package var value: Int
    package var blob: String
    /// Number of floats.
    package var count: Int
  }

  static func line(_ message: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var data = try encoder.encode(message)
    data.append(UInt8(ascii: "\n"))
    return data
  }
}
