import CSupport
import Execution
import Networks
import OrderedCollections
import Results
import Tensors

/// A compiled layer or net in this process, with its inputs filled in.
final class LocalWorkload: Workload {
  let request: WorkloadRequest
  let graph: Graph
  let compiled: CompiledNetwork
  private(set) var facts: PreparedFacts
  private let options: CompileOptions
  private let tools: Tools
  /// With cold caches, copies that take turns; otherwise ``compiled`` alone.
  private let ring: [CompiledNetwork]
  private var position = 0

  /// What a host has for all its workloads, and where their calling thread runs.
  struct Tools {
    let timer: BlockTimer
    let counting: CounterPass
    let placement: Placement
    let threading: Threading

    /// Pins or frees the calling thread.
    func place() { placement.apply(for: threading) }
  }

  private var isNet: Bool { request.place.isNet }

  /// Compiles and fills in weights and inputs.
  /// - Parameters:
  ///   - graph: of the layer alone, or of the whole net.
  ///   - weights: of the graph; not kept.
  /// - Throws: ``MeasuringError/workload(status:reason:)`` when the backend refuses.
  init(
    _ request: WorkloadRequest, graph: Graph, weights: any WeightSource, pool: ThreadPool,
    tools: Tools
  ) throws {
    self.request = request
    self.graph = graph
    self.tools = tools
    let place = request.place
    let backend = request.backend
    options = CompileOptions(
      kernels: request.kernels.kernels, pool: pool, boundary: place.isNet ? .nchw : .native,
      expectsColdWeights: place.isNet || place.cache != .warm,
      tiles: TilePlan(
        tiles: request.tiles, everywhere: request.tile,
        cacheByteCount: 2 * LastLevelCache.byteCount))
    let start = alex_monotonic_ns()
    let steps = try Self.steps(of: graph, weights: weights, backend: backend, options: options)
    options.tiles?.finish()
    compiled = CompiledNetwork(
      graph: graph, steps: steps, memory: place.isNet ? .liveness : .keepAll)
    let prepared = alex_monotonic_ns()
    ring = try ColdRing.ring(
      for: place.cache, of: compiled, weights: weights, backend: backend, options: options)
    facts = Self.facts(of: compiled, request, options)
    facts.facts.prepareNanoseconds = Int(prepared - start)

    for value in graph.inputs {
      let input = place.input(value, seed: request.seed, of: graph)
      for copy in place.cache == .cold ? ring : [compiled] { copy.setInput(value, to: input) }
    }
  }

  /// The steps of a graph, with a refusal as the status of a row.
  static func steps(
    of graph: Graph, weights: any WeightSource, backend: any Backend, options: CompileOptions
  ) throws -> [any Step] {
    do throws(BackendError) {
      return try backend.steps(of: graph, weights: weights, options: options)
    } catch {
      switch error {
      case .unsupported(_, let reason):
        throw MeasuringError.workload(status: .unsupported, reason: reason)
      case .unavailable(let unavailability):
        throw MeasuringError.workload(status: .unavailable, reason: unavailability.description)
      case .network(let error):
        throw MeasuringError.workload(status: .unsupported, reason: error.description)
      }
    }
  }

  private static func facts(
    of compiled: CompiledNetwork, _ request: WorkloadRequest, _ options: CompileOptions
  ) -> PreparedFacts {
    let infos = compiled.steps.map(\.info)
    let isNet = request.place.isNet
    // The step that a row of one layer is about.
    let main = infos.first { !$0.nodes.isEmpty }
    var prepared = PreparedFacts()
    prepared.isa = isNet ? request.backend.isa(with: options.kernels) : main?.isa ?? "none"
    prepared.facts =
      isNet
      ? netFacts(infos, in: compiled.graph, isa: prepared.isa)
      : main.map { WorkloadFacts($0) } ?? WorkloadFacts()
    if isNet, request.backend.needsPlan, let only = PlannedChoice.onlyBackend(in: request.tiles) {
      // The very net of that backend, which is measured under its own name.
      prepared.facts.delegatedTo = only
    }
    prepared.facts.workspaceBytes = compiled.workspaceByteCount
    prepared.facts.weightBytes = compiled.weightByteCount
    prepared.coverage = coverage(of: infos, in: compiled.graph)
    prepared.errorAmplification = infos.map(\.errorAmplification).max() ?? 1
    prepared.errorTile = infos.map(\.errorTile).max() ?? 1
    prepared.candidates = options.tiles?.candidates ?? []
    prepared.steps = isNet ? infos.map { StepFacts($0) } : []
    return prepared
  }

  private static func netFacts(_ infos: [StepInfo], in graph: Graph, isa: String) -> WorkloadFacts {
    var facts = WorkloadFacts()
    let working = infos.filter { !$0.isElided }
    func joined(_ names: [String], by separator: String) -> String {
      OrderedSet(names.filter { !$0.isEmpty }).joined(separator: separator)
    }
    if working.contains(where: { $0.precision != .single }) { facts.precision = .halfWeights }
    facts.implementation = "\(facts.precision.rawValue)-net-\(working.count)steps-\(isa)"
    facts.kernelID = joined(working.map(\.kernelID), by: "; ")
    facts.layout = joined(infos.flatMap(\.outputs).map(\.layout.description), by: "+")
    facts.tile = working.filter { !$0.tile.isEmpty }.map { info in
      "\(graph.nodes[info.nodes[0]].layer.name)=\(info.tile)"
    }.joined(separator: " ")
    func sum(_ values: [Int?]) -> Int? {
      values.reduce(0) { sum, value in sum.flatMap { sum in value.map { sum + $0 } } }
    }
    facts.executedFLOPs = sum(working.map(\.executedFLOPs))
    facts.executedBytes = sum(working.map(\.executedBytes))
    let delegates = working.map(\.delegatedTo)
    if let first = delegates.first ?? nil, delegates.allSatisfy({ $0 == first }) {
      facts.delegatedTo = first
    }
    return facts
  }

  /// How each layer is computed.
  private static func coverage(of infos: [StepInfo], in graph: Graph) -> [LayerCoverage] {
    var coverage = graph.nodes.map { LayerCoverage(layer: $0.layer.name) }
    for info in infos {
      if info.isElided {
        for node in info.nodes {
          coverage[node].status = .elided
          coverage[node].reason =
            info.kind == .flatten ? "the same values in another shape" : "identity in inference"
        }
      } else if let main = info.nodes.first {
        for node in info.nodes.dropFirst() {
          coverage[node].status = .fused
          coverage[node].reason = "into \(graph.nodes[main].layer.name)"
        }
      }
    }
    return coverage
  }

  /// Records that a library uses another number of threads than was asked for, in every row.
  func note(threadsInUse count: Int) {
    facts.threadsInUse = count
    let mark = " (\(count) thread\(count == 1 ? "" : "s"))"
    facts.facts.kernelID += mark
    for index in facts.steps.indices
    where !facts.steps[index].isElided && facts.steps[index].facts.delegatedTo.isEmpty {
      facts.steps[index].facts.kernelID += mark
    }
  }

  // MARK: Computing

  /// One forward; with cold caches each on the next copy.
  func run() {
    ring[position].run()
    advance()
  }

  /// One forward that tells how long each phase took.
  func run(timing clock: PhaseClock) {
    ring[position].run(timing: clock)
    advance()
  }

  /// A net's forward, with a reading of the clock between its steps.
  func run(addingTo totals: UnsafeMutablePointer<Int64>, since start: Int64) -> Int64 {
    compiled.run(addingTo: totals, since: start)
  }

  private func advance() {
    position += 1
    if position == ring.count { position = 0 }
  }

  /// Times the first call, in place: the buffers are bound, the inputs there.
  func runFirst() {
    tools.timer.forget()
    let start = alex_monotonic_ns()
    compiled.run()
    facts.facts.firstNanoseconds = Int(alex_monotonic_ns() - start)
    let peak = alex_peak_rss_bytes()
    facts.facts.peakRSSBytes = peak < 0 ? nil : Int(peak)
  }

  /// Pins or frees the calling thread as for a block.
  func place() { tools.place() }

  // MARK: Measuring

  func time(_ block: BlockRequest) -> BlockMeasurement {
    tools.place()
    return tools.timer.time(self, block)
  }

  func timeSteps(_ block: BlockRequest) throws -> StepMeasurement {
    guard isNet else {
      throw MeasuringError.usage("a layer alone has no steps to time; prepare the whole net")
    }
    tools.place()
    return tools.timer.timeSteps(self, block)
  }

  func phases(calls: Int) -> [PhaseTime] {
    tools.place()
    return tools.timer.phases(self, calls: calls)
  }

  func counters(
    _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool
  ) throws -> [CounterReading] {
    tools.place()
    tools.timer.forget()
    return try tools.counting.count(
      requests, calls: calls, allowsMultiplexing: allowsMultiplexing, self)
  }

  /// Measures what a use in row-major order would pay; nothing when the layout is row-major.
  func measureReorders(weights: any WeightSource) throws {
    let operands = compiled.steps.flatMap { $0.info.inputs + $0.info.outputs }
    guard operands.contains(where: { $0.layout != .nchw }) else { return }
    let cost = try ReorderCost(request, graph: graph, weights: weights, options: options)
    facts.facts.reorderInNanoseconds = cost.inNanoseconds
    facts.facts.reorderOutNanoseconds = cost.outNanoseconds
  }

  /// One forward in which every output starts as NaN, so that an element left untouched is seen; on
  /// the copy whose turn it is.
  /// - Parameter images: which images to return; of a graph that mixes them, always all.
  func outputs(images: [Int]?) -> [BlobValues] {
    tools.place()
    tools.timer.forget()
    var blobs: [BlobValues] = []
    let network = ring[position]
    defer { advance() }
    for step in network.steps {
      let inputs = step.info.inputs.map(network.pointer)
      for operand in step.info.outputs where !inputs.contains(network.pointer(operand)) {
        poison(operand, in: network)
      }
      step.run()
      if step.info.isElided { continue }
      for operand in step.info.outputs {
        let value = graph.values[operand.value]
        var values = network.values(of: operand)
        if let images, !graph.mixesImages {
          let count = value.shape.countPerImage
          values = images.flatMap { values[$0 * count..<($0 + 1) * count] }
        }
        blobs.append(BlobValues(value: operand.value, blob: value.blob, values: values))
      }
    }
    return blobs
  }

  /// The fill of a blocked layout stays zero, as its steps expect.
  private func poison(_ operand: Operand, in network: CompiledNetwork) {
    let shape = graph.values[operand.value].shape
    let poison = [Float](repeating: .nan, count: shape.count)
    poison.withUnsafeBufferPointer {
      guard let base = $0.baseAddress else { return }
      operand.layout.pack(base, shape: shape, into: network.pointer(operand))
    }
  }
}
