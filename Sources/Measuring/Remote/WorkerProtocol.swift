import Execution
import Files
import Foundation
import Kernels
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
  package static let version = 5

  /// One request.
  package struct Request: Codable, Sendable {
    package var op: Operation
    /// `hello`: the runner's version.
    package var version: Int?
    /// `prepare`: what.
    package var workload: Workload?
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

  /// A layer or a net on a backend, everything by name; a worker makes the same weights and inputs
  /// from the seed.
  package struct Workload: Codable, Hashable, Sendable {
    /// Name in the catalog of networks, or of a file; ignored when ``problem`` is there.
    package var network: String
    /// One convolution in the letters of ``Problem``.
    package var problem: String?
    /// What the network's description leaves open; nil where it is read as it stands. Asked only of
    /// workers that tell ``Feature/description``: others would ignore it.
    package var description: DescriptionOptions?
    /// Layer name; nil for the whole net.
    package var layer: String?
    package var direction: Direction
    /// Whether the graph has the gradients of the network's inputs; absent where it has not.
    package var allGradients: Bool?
    package var backend: String
    /// Instruction set of the program's own kernels.
    package var isa: InstructionSet
    package var threads: Int
    /// CPUs to run on, in order of preference; empty for all that the process may use.
    package var cpus: [Int]
    package var batch: Int
    package var seed: UInt64
    package var pass: Pass
    package var cache: CacheMode
    /// Path by name.
    package var customBLAS: [String: String]
    package var measuresReorders: Bool
    package var tiles: [String: String]
    package var tile: String?
    /// The whole network as the runner read it, in its ``Graph/canonicalText``: a file may change
    /// meanwhile, and another build may make something else of a name.
    package var graph: String?
    /// For a program that knows neither the networks nor the generator: the graph with its numbers.
    package var model: ProgramModel?

    package init(_ request: WorkloadRequest) {
      let place = request.place
      network = place.network
      problem = place.problem?.description
      description =
        place.problem == nil && !place.description.areStandard ? place.description : nil
      layer = place.isNet ? nil : place.layer
      direction = place.direction
      allGradients = place.allGradients && place.direction != .forward ? true : nil
      backend = request.backend.name
      isa = request.kernels
      threads = place.threads
      cpus = request.cpus
      batch = place.batch
      seed = request.seed
      pass = place.pass
      cache = place.cache
      customBLAS = request.customBLAS
      measuresReorders = request.measuresReorders
      tiles = request.tiles
      tile = request.tile
      graph = place.graph.canonicalText
    }

    /// What is asked for, in the objects of this process.
    /// - Parameters:
    ///   - graph: of the whole network at the batch size.
    ///   - backends: all that there are.
    /// - Throws: a name that is not known here, or a combination that makes no sense.
    package func request(_ graph: Graph, backends: [any Backend]) throws -> WorkloadRequest {
      guard (layer == nil) == (pass != .isolated) else {
        throw MeasuringError.workload(
          status: .unsupported,
          reason: "pass '\(pass.rawValue)' is not one of "
            + (layer == nil ? "a whole net" : "a layer alone"))
      }
      try CountRange.threads.check(threads)
      guard direction != .update else {
        throw MeasuringError.workload(
          status: .unsupported, reason: "direction '\(direction.rawValue)' is not implemented")
      }
      let graph =
        direction == .forward
        ? graph : try graph.goingBackward(allGradients: allGradients ?? false)
      let text = graph.canonicalText
      // Another version may write it in another form, which says nothing.
      if let asked = self.graph, asked.hasPrefix(Graph.canonicalForm + "\n"), asked != text {
        throw MeasuringError.workload(
          status: .failed,
          reason: "network '\(network)' is not what it was when the run began: its file was "
            + "changed, or this program's own network of that name is another one")
      }
      var place = WorkloadPlace(
        graph, network: network, node: try layer.map { try graph.node(named: $0, direction) },
        threads: threads)
      place.problem = try problem.map { try Problem($0) }
      place.description = description ?? DescriptionOptions()
      place.cache = cache
      place.allGradients = allGradients ?? false
      if place.isNet { place.netPasses = [pass] }
      // A copy of a backend, NAME#2, is compiled from what NAME is.
      let name = RepeatedBackend.baseName(of: self.backend)
      try NameSuggestion.resolve([name], what: "backend", known: backends.map(\.name))
      guard let backend = backends.first(where: { $0.name == name }) else {
        throw MeasuringError.usage("no backend '\(name)'")
      }
      var request = WorkloadRequest(place, on: backend, kernels: isa)
      request.cpus = cpus
      request.seed = seed
      request.measuresReorders = measuresReorders
      request.tiles = tiles
      request.tile = tile
      request.customBLAS = customBLAS
      return request
    }

    /// The graph of the whole network.
    /// - Throws: an unknown network, or an impossible problem or batch.
    package func resolveGraph() throws -> Graph {
      if let problem { return try Problem(problem).network.graph(batch: batch) }
      if let network = try NetworkCatalog.resolve(
        network, options: description ?? DescriptionOptions())
      {
        return try network.graph(batch: batch)
      }
      let known = NetworkCatalog.entries.map(\.name)
      try NameSuggestion.resolve([network], what: "network", known: known)
      throw MeasuringError.usage("no network '\(network)'")
    }
  }

  /// What a worker says of a workload that it has prepared: its facts, and a number that names it
  /// in later requests.
  package struct Prepared: Codable, Sendable {
    package var handle: Int
    package var facts: PreparedFacts

    package init(handle: Int, facts: PreparedFacts) {
      self.handle = handle
      self.facts = facts
    }

    private enum CodingKeys: CodingKey { case handle }

    package init(from decoder: any Decoder) throws {
      handle = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .handle)
      facts = try PreparedFacts(from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(handle, forKey: .handle)
      try facts.encode(to: encoder)
    }
  }

  /// One reply; exactly what the request asks for is there, or `error`.
  package struct Reply: Codable, Sendable {
    /// One sentence.
    package var error: String?
    /// With an error about a workload: the status of its row.
    package var status: Status?
    /// With an error: the system refuses what was asked for, such as threads.
    package var isUnavailable: Bool?
    /// `hello`.
    package var version: Int?
    package var identity: Identity?
    /// `hello`: names of ``Feature``; absent from a worker that has none.
    package var features: [String]?
    /// `prepare`.
    package var prepared: Prepared?
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

  /// What a worker can do beyond the first one of its version.
  package enum Feature: String, Codable, Sendable, CaseIterable {
    /// It reads networks with `description`.
    case description
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

/// Checks of what a worker answers: whatever comes from outside may be anything.
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
    if isUnavailable == true { throw .unavailable(error) }
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
  package func workload() throws(MeasuringError) -> WorkerProtocol.Prepared {
    let prepared = try required(self.prepared, "prepared")
    let workload = prepared.facts
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
    return prepared
  }

  /// The answer to `outputs`.
  /// - Parameter data: the file that the worker wrote; nil without one.
  package func values(in data: Data?) throws(MeasuringError) -> [BlobValues] {
    let blobs = try required(self.blobs, "blobs")
    guard let data else { throw .worker("a worker wrote no file of blobs") }
    return try BlobFile.values(of: blobs, in: data)
  }
}

extension PreparedFacts {
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

/// Values of blobs as little-endian float32, one blob after the other.
enum BlobFile {
  static func write(_ blobs: [BlobValues], to path: String) throws {
    let file = try WholeFile(path: path, isDurable: false)
    for blob in blobs {
      try blob.values.withUnsafeBufferPointer { values throws(FilesError) in
        try FloatBytes.write(values, to: file)
      }
    }
    try file.finish()
  }

  static func values(
    of blobs: [WorkerProtocol.Blob], in data: Data
  ) throws(MeasuringError) -> [BlobValues] {
    // A count from elsewhere may be anything.
    let count = blobs.reduce(0) { $0 &+ $1.count }
    guard blobs.allSatisfy({ 0...data.count ~= $0.count }), data.count == 4 &* count else {
      throw .worker(
        "a worker wrote \(data.count) bytes of blobs where its reply says \(4 &* count)")
    }
    var offset = 0
    return data.withUnsafeBytes { bytes in
      blobs.map { blob in
        let values = (0..<blob.count).map { index in
          Float(
            bitPattern: UInt32(
              littleEndian: bytes.loadUnaligned(
                fromByteOffset: offset + 4 * index, as: UInt32.self)))
        }
        offset += 4 * blob.count
        return BlobValues(value: blob.value, blob: blob.blob, values: values)
      }
    }
  }
}
