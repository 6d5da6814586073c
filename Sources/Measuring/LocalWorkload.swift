import CSupport
import Execution
import Kernels
import Networks
import Results
import Tensors

/// A compiled layer or net in this process, with its inputs filled in.
final class LocalWorkload {
  let request: WorkloadRequest
  let graph: Graph
  let backend: any Backend
  let compiled: CompiledNetwork
  let isa: String
  private(set) var facts: WorkloadFacts
  private let options: CompileOptions
  /// With cold caches, copies that take turns; otherwise ``compiled`` alone.
  private let ring: [CompiledNetwork]
  private var position = 0

  /// Compiles and fills in weights and inputs.
  /// - Parameter weights: of the graph; not kept.
  /// - Throws: ``MeasuringError/workload(status:reason:)`` when the backend refuses.
  init(
    request: WorkloadRequest, graph: Graph, weights: any WeightSource, backend: any Backend,
    kernels: InstructionSet, pool: ThreadPool
  ) throws {
    self.request = request
    self.graph = graph
    self.backend = backend
    let isNet = request.layer == nil
    let isCold = request.cache != .warm
    options = CompileOptions(
      kernels: kernels.kernels, pool: pool, boundary: isNet ? .nchw : .native,
      expectsColdWeights: isNet || isCold,
      tiles: TilePlan(
        tiles: request.tiles, everywhere: request.tile,
        cacheByteCount: 2 * LastLevelCache.byteCount))
    let start = alex_monotonic_ns()
    let steps = try Self.steps(of: graph, weights: weights, backend: backend, options: options)
    options.tiles?.finish()
    compiled = CompiledNetwork(graph: graph, steps: steps, memory: isNet ? .liveness : .keepAll)
    let prepared = alex_monotonic_ns()
    ring = try ColdRing.ring(
      for: request.cache, of: compiled, weights: weights, backend: backend, options: options)
    isa = isNet ? backend.isa(with: options.kernels) : Self.main(of: steps)?.isa ?? "none"
    facts = Self.facts(of: steps, in: graph, isNet: isNet, isa: isa)
    if isNet, backend.needsPlan, let only = PlannedChoice.onlyBackend(in: request.tiles) {
      // The very net of that backend, which is measured under its own name.
      facts.delegatedTo = only
    }
    facts.prepareNanoseconds = Int(prepared - start)
    facts.workspaceBytes = compiled.workspaceByteCount
    facts.weightBytes = compiled.weightByteCount

    for value in graph.inputs {
      let input = input(value)
      for copy in request.cache == .cold ? ring : [compiled] { copy.setInput(value, to: input) }
    }
  }

  /// The seeded contents of a graph input, row-major: an image for a net, rectified for a layer.
  private func input(_ value: Graph.ValueID) -> Tensor {
    Self.input(value, of: graph, request: request)
  }

  /// The same for the reference, which runs on the other side of the worker protocol.
  static func input(
    _ value: Graph.ValueID, of graph: Graph, request: WorkloadRequest
  ) -> Tensor {
    if request.layer != nil, let position = graph.nodes[0].inputs.firstIndex(of: value) {
      return SeededInput.operand(
        seed: request.seed, of: graph.nodes[0], position: position, in: graph)
    }
    return SeededInput.input(seed: request.seed, of: value, in: graph)
  }

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

  /// The step that a row of one layer is about.
  private static func main(of steps: [any Step]) -> StepInfo? {
    steps.map(\.info).first { !$0.nodes.isEmpty }
  }

  private static func facts(
    of steps: [any Step], in graph: Graph, isNet: Bool, isa: String
  ) -> WorkloadFacts {
    var facts = WorkloadFacts()
    let infos = steps.map(\.info)
    if isNet {
      let working = infos.filter { !$0.isElided }
      facts.implementation = "f32-net-\(working.count)steps-\(isa)"
      facts.kernelID = distinct(working.map(\.kernelID)).joined(separator: "; ")
      facts.layout = distinct(infos.flatMap(\.outputs).map(\.layout.description))
        .joined(separator: "+")
      facts.tile = working.filter { !$0.tile.isEmpty }.map { info in
        "\(graph.nodes[info.nodes[0]].layer.name)=\(info.tile)"
      }.joined(separator: " ")
      let delegates = working.map(\.delegatedTo)
      if let first = delegates.first ?? nil, delegates.allSatisfy({ $0 == first }) {
        facts.delegatedTo = first
      }
    } else if let info = main(of: steps) {
      facts = WorkloadFacts(info)
    }
    return facts
  }

  private static func distinct(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { !$0.isEmpty && seen.insert($0).inserted }
  }

  /// One forward; with cold caches each on the next copy.
  func run() {
    ring[position].run()
    advance()
  }

  /// The same, telling how long each phase took.
  func run(timing clock: PhaseClock) {
    ring[position].run(timing: clock)
    advance()
  }

  /// A net's forward, with a reading of the clock between its steps.
  func run(addingTo totals: UnsafeMutablePointer<Int64>, since start: Int64) -> Int64 {
    compiled.run(addingTo: totals, since: start)
  }

  /// The steps of a net; none for a layer alone.
  var steps: [StepFacts] {
    request.layer == nil ? compiled.steps.map { StepFacts($0.info) } : []
  }

  private func advance() {
    position += 1
    if position == ring.count { position = 0 }
  }

  /// The tiles that were tried while compiling.
  var candidates: [TilePlan.Candidate] { options.tiles?.candidates ?? [] }

  /// Times the first call, in place: the buffers are bound, the inputs there.
  func runFirst() {
    let start = alex_monotonic_ns()
    compiled.run()
    facts.firstNanoseconds = Int(alex_monotonic_ns() - start)
    var usage = alex_usage()
    alex_process_usage(&usage)
    facts.peakRSSBytes = Int(usage.peak_rss_bytes)
  }

  /// Measures what a use in row-major order would pay; nothing when the layout is row-major.
  func measureReorders(weights: any WeightSource) throws {
    let operands = compiled.steps.flatMap { $0.info.inputs + $0.info.outputs }
    guard operands.contains(where: { $0.layout != .nchw }) else { return }
    let cost = try ReorderCost(
      graph: graph, request: request, weights: weights, backend: backend, options: options)
    facts.reorderInNanoseconds = cost.inNanoseconds
    facts.reorderOutNanoseconds = cost.outNanoseconds
  }

  /// How each layer is computed.
  var coverage: [LayerCoverage] {
    var coverage = graph.nodes.map {
      LayerCoverage(layer: $0.layer.name, status: .ok, reason: "")
    }
    for info in compiled.steps.map(\.info) {
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

  /// The largest factor on the error bound of any of its steps.
  var errorAmplification: Double {
    compiled.steps.map(\.info.errorAmplification).max() ?? 1
  }

  /// The largest square of outputs that share their errors.
  var errorTile: Int { compiled.steps.map(\.info.errorTile).max() ?? 1 }

  /// One forward in which every output starts as NaN, so that an element left untouched is seen; on
  /// the copy whose turn it is.
  /// - Parameter images: which images to return; of a graph that mixes them, always all.
  func outputs(images: [Int]?) -> [BlobValues] {
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
