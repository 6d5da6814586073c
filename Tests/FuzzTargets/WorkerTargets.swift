import Execution
import Foundation
import Measuring
import Networks
import Results

extension FuzzTarget {
  /// What a worker process reads: a session of requests, a line each, after a greeting. An input
  /// that begins with `!` is a session without.
  static let requests = FuzzTarget("requests", byteLimit: 4096) { bytes in
    let greeting = "{\"op\":\"hello\",\"version\":\(WorkerProtocol.version)}\n"
    let isWhole = bytes.first == UInt8(ascii: "!")
    let session = isWhole ? Array(bytes.dropFirst()) : Array(greeting.utf8) + bytes
    let input = try ScratchFile(session)
    let output = try ScratchFile([])
    let server = WorkerServer(
      host: CheckingHost(), backends: { _ in ["naive", "simd"].map { NamedBackend(name: $0) } },
      input: input.descriptor, output: output.descriptor)
    _ = try server.serve()
    let replies = output.bytes.split(separator: UInt8(ascii: "\n"))
    let requestCount = session.split(separator: UInt8(ascii: "\n")).count
    try require(replies.count <= requestCount, "\(replies.count) replies to \(requestCount) lines")
    try require(output.bytes.last.map { $0 == UInt8(ascii: "\n") } ?? true, "a reply is cut off")
    var isAccepted = false
    for line in replies.dropFirst(isWhole ? 0 : 1) {
      // A worker's own replies are such.
      let reply = try WorkerProtocol.Reply(line: Data(line), to: .quit)
      if reply.error == nil { isAccepted = true }
    }
    return isAccepted
  }

  /// What a runner reads: the answer of a worker, and the file of numbers beside it.
  ///
  /// The first byte chooses the question; what follows a line feed is the file.
  static let answers = FuzzTarget("answers", byteLimit: 4096) { bytes in
    let operations: [WorkerProtocol.Operation] = [
      .hello, .prepare, .outputs, .time, .timeSteps, .phases, .counters, .roofs, .release,
    ]
    let op = operations[Int(bytes.first ?? 0) % operations.count]
    let parts = bytes.dropFirst().split(
      separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    let graph = try answered()
    do throws(MeasuringError) {
      let reply = try WorkerProtocol.Reply(line: Data(parts.first ?? []), to: op)
      try reply.check(op)
      // Another answer must not be taken for the one that was asked for, nor trap on the way.
      let block = BlockRequest(iterations: 3, isPrimed: true)
      switch op {
      case .prepare:
        let workload = try reply.workload()
        guard workload.facts.flaw(in: graph) == nil else { return false }
      case .outputs: _ = try reply.values(in: parts.count > 1 ? Data(parts[1]) : nil)
      case .time: _ = try reply.block(for: block)
      case .timeSteps: _ = try reply.steps(for: block)
      default: break
      }
      return true
    } catch {
      return false
    }
  }

  private static let graph = Result {
    try NetworkCatalog.resolve("layers-mini")?.graph(batch: 1)
  }

  /// What the answers are about.
  private static func answered() throws -> Graph {
    guard let graph = try graph.get() else { throw BrokenProperty("the catalog has no such net") }
    return graph
  }
}

/// Looks at requests as a worker does before it compiles anything; computes nothing, writes nothing.
private final class CheckingHost: WorkloadHost {
  func prepare(_ request: WorkloadRequest) -> any Workload {
    let graph = request.place.compiledGraph
    _ = graph.totalCost
    _ = graph.table
    var facts = PreparedFacts()
    facts.isa = request.kernels.rawValue
    facts.coverage = graph.nodes.map { LayerCoverage(layer: $0.layer.name) }
    return CheckedWorkload(facts)
  }

  func close() {}
}

/// Answers whatever it is asked for.
private final class CheckedWorkload: Workload {
  let facts: PreparedFacts

  init(_ facts: PreparedFacts) { self.facts = facts }

  func outputs(images: [Int]?) throws -> [BlobValues] {
    throw MeasuringError.usage("nothing is computed here")
  }

  func time(_ block: BlockRequest) -> BlockMeasurement {
    BlockMeasurement(
      iterations: block.iterations, startNanoseconds: 0, wallNanoseconds: 1,
      cpuUserNanoseconds: 0, cpuSystemNanoseconds: 0, faults: 0, switches: 0, migrations: 0,
      stealNanoseconds: nil, clockGHz: 1, isContaminated: false, isSteady: true)
  }

  func timeSteps(_ block: BlockRequest) -> StepMeasurement {
    StepMeasurement(block: time(block), stepNanoseconds: facts.steps.map { _ in 1 })
  }
}

/// A backend that is only named.
private struct NamedBackend: Backend {
  let name: String
  let summary = "for the fuzzer"
  let threading = Threading.pool

  func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    throw .unsupported(layer: graph.nodes[0].layer.name, reason: "nothing is computed here")
  }
}

/// An open file without a name, at its beginning.
private final class ScratchFile {
  let descriptor: Int32

  init(_ bytes: [UInt8]) throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-fuzz-\(UUID().uuidString)").path
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BrokenProperty("no file can be made in \(path)") }
    unlink(path)
    guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
      throw BrokenProperty("the temporary folder is full")
    }
  }

  deinit { close(descriptor) }

  /// All that is in it.
  var bytes: [UInt8] {
    let count = Int(lseek(descriptor, 0, SEEK_END))
    var bytes = [UInt8](repeating: 0, count: count)
    _ = pread(descriptor, &bytes, count, 0)
    return bytes
  }
}
