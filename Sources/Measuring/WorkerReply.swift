import Foundation
import Networks
import Results

/// What a worker answers, looked at before anything is done with it: whatever comes from outside may
/// be anything.
extension WorkerProtocol.Reply {
  /// Times and counts of a block beyond this, in nanoseconds 104 days, are no measurement; below it
  /// sums and products of them stay whole.
  private static let numberLimit = 1 << 53
  private static let startLimit = 1 << 62
  private static let tileLimit = 1 << 20

  /// Reads a line.
  /// - Parameter op: what was asked for.
  /// - Throws: that it is no reply.
  package init(
    line: Data, to op: WorkerProtocol.Operation
  ) throws(MeasuringError) {
    do { self = try JSONDecoder().decode(Self.self, from: line) } catch {
      throw .worker(
        "the worker answered '\(op.rawValue)' with something that is no reply: "
          + String(decoding: line.prefix(200), as: UTF8.self))
    }
  }

  /// Whether it is what was asked for.
  /// - Throws: the error that it tells of.
  package func check(_ op: WorkerProtocol.Operation) throws(MeasuringError) {
    guard let error else { return }
    if let status { throw .workload(status: status, reason: error) }
    if op == .hello, let theirs = version, theirs != WorkerProtocol.version {
      throw .protocolVersion(theirs: theirs, ours: WorkerProtocol.version)
    }
    throw .worker("the worker failed at '\(op.rawValue)': \(error)")
  }

  /// A part that the request asks for.
  func required<Value>(_ value: Value?, _ name: String) throws(MeasuringError) -> Value {
    guard let value else { throw .worker("the worker's reply lacks '\(name)'") }
    return value
  }

  /// The answer to `time`.
  package func block(for request: BlockRequest) throws(MeasuringError) -> BlockMeasurement {
    let block = try required(self.block, "block")
    guard block.iterations == request.iterations, block.wallNanoseconds > 0,
      block.wallNanoseconds < Self.numberLimit
    else {
      throw .worker(
        "it timed \(block.iterations) calls in \(block.wallNanoseconds) ns where it was "
          + "asked for \(request.iterations)")
    }
    let counts = [
      block.cpuUserNanoseconds, block.cpuSystemNanoseconds, block.faults, block.switches,
      block.migrations, block.stealNanoseconds ?? 0, block.threadCount ?? 0,
      block.primeNanoseconds ?? 0,
    ]
    guard counts.allSatisfy((0..<Self.numberLimit).contains),
      (0..<Self.startLimit).contains(block.startNanoseconds),
      block.clockGHz >= 0, block.clockGHz.isFinite
    else { throw .worker("it timed a block with impossible numbers") }
    return block
  }

  /// The answer to `timeSteps`.
  package func steps(for request: BlockRequest) throws(MeasuringError) -> StepMeasurement {
    let block = try block(for: request)
    let times = try required(stepNanoseconds, "stepNanoseconds")
    guard times.allSatisfy((0..<Self.numberLimit).contains) else {
      throw .worker("it timed steps with impossible numbers")
    }
    return StepMeasurement(block: block, stepNanoseconds: times)
  }

  /// The answer to `prepare`.
  package func workload() throws(MeasuringError) -> PreparedWorkload {
    let workload = try required(prepared, "prepared")
    let facts = [workload.facts] + workload.steps.map(\.facts)
    let times =
      facts.flatMap { [$0.firstNanoseconds, $0.prepareNanoseconds] }
      + workload.candidates.map(\.nanoseconds)
    let sizes = facts.flatMap { [$0.workspaceBytes, $0.weightBytes, $0.peakRSSBytes] }
    let others = facts.flatMap { [$0.reorderInNanoseconds, $0.reorderOutNanoseconds] }
    guard (times + sizes + others).allSatisfy({ (0..<Self.numberLimit).contains($0 ?? 0) }),
      workload.errorAmplification > 0, workload.errorAmplification.isFinite,
      (1...Self.tileLimit).contains(workload.errorTile)
    else { throw .worker("it prepared a workload with impossible numbers") }
    return workload
  }

  /// The answer to `outputs`.
  /// - Parameter data: the file that the worker wrote; nil without one.
  package func values(in data: Data?) throws(MeasuringError) -> [BlobValues] {
    let blobs = try required(self.blobs, "blobs")
    guard let data else { throw .worker("a worker wrote no file of blobs") }
    return try BlobFile.values(of: blobs, in: data)
  }
}

extension PreparedWorkload {
  /// Why this cannot be a workload of a graph; nil when it can. Layers and values are named by
  /// indices, which are held against the graph before they are used.
  package func flaw(in graph: Graph) -> String? {
    guard coverage.count == graph.nodes.count else {
      return "it tells of \(coverage.count) layers where there are \(graph.nodes.count)"
    }
    for (index, step) in steps.enumerated() {
      guard step.nodes.allSatisfy(graph.nodes.indices.contains),
        (step.inputs + step.outputs).allSatisfy(graph.values.indices.contains)
      else { return "its step \(index) has layers or values that the graph does not have" }
      guard !step.nodes.isEmpty || !step.inputs.isEmpty else {
        return "its step \(index) has neither a layer nor an input"
      }
    }
    return nil
  }
}
