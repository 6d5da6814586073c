import CSupport
import Execution
import Kernels
import Networks
import Results

/// Makes the backends of a process, given the user's own CBLAS libraries. The command line passes
/// the catalog in; nothing here knows a concrete backend.
package typealias BackendSource = ([CustomBLAS]) -> [any Backend]

/// Workloads in this process.
package final class LocalHost: WorkloadHost {
  private let source: BackendSource
  private var backends: [[CustomBLAS]: [any Backend]] = [:]
  private var pools: [PoolKey: ThreadPool] = [:]
  private var workloads: [Int: LocalWorkload] = [:]
  private var graphs: [GraphKey: Graph] = [:]
  private var lastHandle = 0
  /// Of the layer or net that is being prepared, backend after backend; nil when nothing is alive.
  private var weights: (key: WeightsKey, source: GeneratedWeights)?
  private let timer = BlockTimer()
  private lazy var counting = CounterPass()
  private var roofProbe: RoofProbe?

  private struct PoolKey: Hashable {
    var threads: Int
    var cpus: [Int]
  }

  private struct WeightsKey: Hashable {
    var network: String
    var problem: String?
    var layer: String?
    var seed: UInt64
  }

  private struct GraphKey: Hashable {
    var network: String
    var problem: String?
    var batch: Int
  }

  package init(backends: @escaping BackendSource) {
    Placement.rememberMask()
    source = backends
  }

  /// The backends, libraries loaded.
  package func backends(customBLAS: [CustomBLAS] = []) -> [any Backend] {
    if let known = backends[customBLAS] { return known }
    let made = source(customBLAS)
    // Libraries start their threads when they are loaded, and these inherit the mask of the moment:
    // load them all before the first thread is pinned.
    for backend in made { _ = backend.unavailability }
    backends[customBLAS] = made
    return made
  }

  package func prepare(_ request: WorkloadRequest) throws -> PreparedWorkload {
    let backend = try backend(for: request)
    guard let isa = InstructionSet(rawValue: request.isa), isa.isUsable else {
      throw MeasuringError.workload(
        status: .unavailable, reason: "this processor has no instruction set '\(request.isa)'")
    }
    if let twin = instance(for: request) { return keep(twin) }
    let placement = try Placement(cpus: request.cpus)
    let pool = pool(threads: request.threads, placement: placement)
    placement.apply(for: backend.threading(tiles: request.tiles))
    let graph = try graph(for: request)
    // Each backend gets a copy: some use weights as they are, and would warm them for the others.
    let weights = CopiedWeights(source: try weights(for: request, graph))
    let workload = try LocalWorkload(
      request: request, graph: graph, weights: weights, backend: backend, kernels: isa, pool: pool)
    workload.runFirst()
    if request.measuresReorders, request.layer != nil {
      try workload.measureReorders(weights: weights)
    }
    return keep(workload)
  }

  /// The workload that a name such as `simd@2` is a second name of, if it is there.
  private func instance(for request: WorkloadRequest) -> LocalWorkload? {
    guard RepeatedBackend.sharesInstance(request.backend) else { return nil }
    return workloads.values.first { other in
      var same = other.request
      // The first one chose its tiles, the second was told them.
      (same.backend, same.tiles) = (request.backend, request.tiles)
      return same == request
        && other.request.backend == RepeatedBackend.baseName(of: request.backend)
    }
  }

  private func keep(_ workload: LocalWorkload) -> PreparedWorkload {
    lastHandle += 1
    workloads[lastHandle] = workload
    return PreparedWorkload(
      handle: lastHandle, isa: workload.isa, facts: workload.facts, coverage: workload.coverage,
      errorAmplification: workload.errorAmplification, errorTile: workload.errorTile,
      candidates: workload.candidates, steps: workload.steps)
  }

  package func outputs(_ handle: Int, images: [Int]?) throws -> [BlobValues] {
    let workload = try workload(handle)
    try place(workload)
    return workload.outputs(images: images)
  }

  package func time(_ handle: Int, _ block: BlockRequest) throws -> BlockMeasurement {
    let workload = try workload(handle)
    try place(workload)
    return timer.time(workload, try checked(block))
  }

  package func timeSteps(_ handle: Int, _ block: BlockRequest) throws -> StepMeasurement {
    let workload = try workload(handle)
    guard workload.request.layer == nil else {
      throw MeasuringError.usage("a layer alone has no steps to time; prepare the whole net")
    }
    try place(workload)
    return timer.timeSteps(workload, try checked(block))
  }

  private func checked(_ block: BlockRequest) throws(MeasuringError) -> BlockRequest {
    guard block.iterations >= 1 else {
      throw .usage("a block of \(block.iterations) calls cannot be timed; it takes at least 1")
    }
    return block
  }

  package func phases(_ handle: Int, calls: Int) throws -> [PhaseTime] {
    let workload = try workload(handle)
    try place(workload)
    return timer.phases(workload, calls: max(calls, 1))
  }

  package func counters(
    _ handle: Int, _ requests: [CounterRequest], calls: Int, allowsMultiplexing: Bool
  ) throws -> [CounterReading] {
    let workload = try workload(handle)
    try place(workload)
    return try counting.count(
      requests, calls: max(calls, 1), allowsMultiplexing: allowsMultiplexing, workload)
  }

  package func roofs(_ request: RoofRequest) throws -> [RoofReading] {
    guard request.threads >= 1 else {
      throw MeasuringError.usage("\(request.threads) threads have no roofs")
    }
    let placement = try Placement(cpus: request.cpus)
    let pool = pool(threads: request.threads, placement: placement)
    placement.apply(for: .pool)
    let probe = roofProbe ?? RoofProbe()
    roofProbe = probe
    return probe.readings(pool: pool, cpus: placement.cpus)
  }

  package func release(_ handle: Int) throws {
    guard workloads.removeValue(forKey: handle) != nil else {
      throw MeasuringError.unknownHandle(handle)
    }
    if workloads.isEmpty { weights = nil }
  }

  /// Also frees the calling thread from the CPU it was pinned to.
  package func close() {
    workloads.removeAll()
    weights = nil
    pools.removeAll()
    roofProbe = nil
    Placement.free()
  }

  /// The graph that a handle's values refer to.
  func graph(of handle: Int) throws -> Graph { try workload(handle).graph }

  func workload(_ handle: Int) throws -> LocalWorkload {
    guard let workload = workloads[handle] else { throw MeasuringError.unknownHandle(handle) }
    return workload
  }

  func place(_ workload: LocalWorkload) throws {
    try Placement(cpus: workload.request.cpus).apply(
      for: workload.backend.threading(tiles: workload.request.tiles))
  }

  private func backend(for request: WorkloadRequest) throws -> any Backend {
    guard request.direction == Direction.forward.rawValue else {
      throw MeasuringError.workload(
        status: .unsupported, reason: "direction '\(request.direction)' is not implemented")
    }
    guard request.cache == .warm || request.layer != nil else {
      throw MeasuringError.workload(
        status: .unsupported,
        reason: "cache '\(request.cache.rawValue)' is for layers alone; a net finds its caches as "
          + "its own layers leave them")
    }
    guard (request.layer == nil) == (request.pass != .isolated) else {
      throw MeasuringError.workload(
        status: .unsupported,
        reason: "pass '\(request.pass.rawValue)' is not one of "
          + (request.layer == nil ? "a whole net" : "a layer alone"))
    }
    let all = backends(customBLAS: request.customBLAS)
    let name = RepeatedBackend.baseName(of: request.backend)
    try NameSuggestion.resolve([name], what: "backend", known: all.map(\.name))
    guard let backend = all.first(where: { $0.name == name }) else {
      throw MeasuringError.usage("no backend '\(request.backend)'")
    }
    let hasPlan = backend.needsPlan && !request.tiles.isEmpty
    if let unavailability = backend.unavailability, !hasPlan {
      throw MeasuringError.workload(status: .unavailable, reason: unavailability.description)
    }
    return backend
  }

  private func pool(threads: Int, placement: Placement) -> ThreadPool {
    let key = PoolKey(threads: threads, cpus: placement.cpus)
    if let pool = pools[key] { return pool }
    // With more threads than CPUs, pinning would only stack them up.
    let cpus = placement.cpus.count >= threads ? placement.cpus : []
    let pool = ThreadPool(threadCount: threads, cpus: cpus)
    pools[key] = pool
    return pool
  }

  private func weights(
    for request: WorkloadRequest, _ graph: Graph
  ) throws -> GeneratedWeights {
    let key = WeightsKey(
      network: request.network, problem: request.problem, layer: request.layer, seed: request.seed)
    if let weights, weights.key == key { return weights.source }
    // The old ones first: both at once may be more than there is room for.
    weights = nil
    let source = try GeneratedWeights(of: graph, seed: request.seed)
    weights = (key, source)
    return source
  }

  private func graph(for request: WorkloadRequest) throws -> Graph {
    let key = GraphKey(network: request.network, problem: request.problem, batch: request.batch)
    let whole = try graphs[key] ?? request.resolveGraph()
    graphs[key] = whole
    guard let layer = request.layer else { return whole }
    return whole.single(try whole.node(named: layer))
  }
}
