import Counters
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
public enum WorkerProtocol {
  public static let version = 4

  /// One request.
  public struct Request: Codable, Sendable {
    public var op: Operation
    /// `hello`: the runner's version.
    public var version: Int?
    /// `prepare`: what.
    public var workload: WorkloadRequest?
    /// `outputs`, `time`, `timeSteps`, `phases`, `release`: which workload.
    public var handle: Int?
    /// `outputs`: images wanted, absent for all, and the file to write.
    public var images: [Int]?
    public var file: String?
    /// `time`, `timeSteps`: the block.
    public var block: BlockRequest?
    /// `phases`, `counters`: how many calls.
    public var calls: Int?
    /// `counters`: events, and whether those counted part of the time are extrapolated.
    public var counters: [CounterRequest]?
    public var allowsMultiplexing: Bool?
    /// `roofs`: at how many threads.
    public var roofs: RoofRequest?

    public init(op: Operation) { self.op = op }
  }

  public enum Operation: String, Codable, Sendable {
    case hello, prepare, outputs, time, timeSteps, phases, counters, roofs, release, quit
  }

  /// One reply; exactly what the request asks for is there, or `error`.
  public struct Reply: Codable, Sendable {
    /// One sentence.
    public var error: String?
    /// With an error about a workload: the status of its row.
    public var status: Status?
    /// `hello`.
    public var version: Int?
    public var identity: Identity?
    /// `prepare`.
    public var prepared: PreparedWorkload?
    /// `outputs`: what the file holds, in order.
    public var blobs: [Blob]?
    /// `time`, `timeSteps`.
    public var block: BlockMeasurement?
    /// `timeSteps`: totals over the block, one per step.
    public var stepNanoseconds: [Int]?
    /// `phases`.
    public var phases: [PhaseTime]?
    /// `counters`.
    public var counters: [CounterReading]?
    /// `roofs`: empty from a worker that cannot probe.
    public var roofs: [RoofReading]?

    public init() {}
  }

  /// Who answers.
  public struct Identity: Codable, Hashable, Sendable {
    /// For example `alexbench`.
    public var program: String
    public var processID: Int

    public init(program: String, processID: Int) {
      self.program = program
      self.processID = processID
    }
  }

  /// One blob in the file of `outputs`.
  public struct Blob: Codable, Hashable, Sendable {
    /// Index into the values of the graph.
    public var value: Int
    public var blob: String
    /// Number of floats.
    public var count: Int
  }

  static func line(_ message: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var data = try encoder.encode(message)
    data.append(UInt8(ascii: "\n"))
    return data
  }
}
