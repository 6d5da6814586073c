import CSupport
import Execution
import Networks
import Results

/// Makes the backends of a process, given the user's own CBLAS libraries, path by name. The command
/// line passes the catalog in; nothing here knows a concrete backend.
package typealias BackendSource = ([String: String]) -> [any Backend]

/// Workloads in this process.
package final class LocalHost: WorkloadHost {
  private let source: BackendSource
  private var backends: [[String: String]: [any Backend]] = [:]
  private var pools: [PoolKey: ThreadPool] = [:]
  /// Of a network whose layers are being prepared, backend after backend; the net has the same ones.
  private var weights: (key: WeightsKey, source: GeneratedWeights)?
  private let timer = BlockTimer()
  private let counting = CounterPass()

  private struct PoolKey: Hashable {
    var threads: Int
    var cpus: [Int]
  }

  private struct WeightsKey: Hashable {
    var network: String
    var description: DescriptionOptions
    var problem: Problem?
    var seed: UInt64
  }

  package init(backends: @escaping BackendSource) {
    Placement.rememberMask()
    source = backends
  }

  /// The backends, libraries loaded.
  package func backends(customBLAS: [String: String] = [:]) -> [any Backend] {
    if let known = backends[customBLAS] { return known }
    let made = source(customBLAS)
    // Libraries start their threads when they are loaded, and these inherit the mask of the moment:
    // load them all before the first thread is pinned.
    for backend in made { _ = backend.unavailability }
    backends[customBLAS] = made
    return made
  }

  package func prepare(_ request: WorkloadRequest) throws -> any Workload {
    try prepareHere(request)
  }

  /// The workload as what it is in this process.
  func prepareHere(_ request: WorkloadRequest) throws -> LocalWorkload {
    let place = request.place
    guard request.kernels.isUsable else {
      throw MeasuringError.workload(
        status: .unavailable,
        reason: "this processor has no instruction set '\(request.kernels.rawValue)'")
    }
    guard place.cache == .warm || !place.isNet else {
      throw MeasuringError.workload(
        status: .unsupported,
        reason: "cache '\(place.cache.rawValue)' is for layers alone; a net finds its caches as "
          + "its own layers leave them")
    }
    let hasPlan = request.backend.needsPlan && !request.tiles.isEmpty
    if let unavailability = request.backend.unavailability, !hasPlan {
      throw MeasuringError.workload(status: .unavailable, reason: unavailability.description)
    }
    let placement = try Placement(cpus: request.cpus)
    let pool = try pool(threads: place.threads, placement: placement)
    let tools = LocalWorkload.Tools(
      timer: timer, counting: counting, placement: placement,
      threading: request.backend.threading(tiles: request.tiles))
    tools.place()
    // A library would end the program if it got none.
    if tools.threading == .library { try ThreadShortage.check(count: place.threads - 1) }
    let threadsInUse = request.backend.threadCount(askedFor: place.threads)
    let graph = place.compiledGraph
    // Each backend gets a copy: some use weights as they are, and would warm them for the others.
    let weights = CopiedWeights(source: try weights(of: graph, for: request))
    let workload = try LocalWorkload(
      request, graph: graph, weights: weights, pool: pool, tools: tools)
    if threadsInUse != place.threads { workload.note(threadsInUse: threadsInUse) }
    workload.runFirst()
    if request.measuresReorders, !place.isNet { try workload.measureReorders(weights: weights) }
    return workload
  }

  package func roofs(_ request: RoofRequest) throws -> [RoofReading] {
    guard request.threads >= 1 else {
      throw MeasuringError.usage("\(request.threads) threads have no roofs")
    }
    let placement = try Placement(cpus: request.cpus)
    let pool = try pool(threads: request.threads, placement: placement)
    placement.apply(for: .pool)
    return RoofProbe.shared.withLock { $0.readings(pool: pool, cpus: placement.cpus) }
  }

  /// Also frees the calling thread from the CPU it was pinned to.
  package func close() {
    weights = nil
    pools.removeAll()
    Placement.free()
  }

  private func pool(
    threads: Int, placement: Placement
  ) throws(ThreadShortage) -> ThreadPool {
    let key = PoolKey(threads: threads, cpus: placement.cpus)
    if let pool = pools[key] { return pool }
    // With more threads than CPUs, pinning would only stack them up.
    let cpus = placement.cpus.count >= threads ? placement.cpus : []
    let pool = try ThreadPool(threadCount: threads, cpus: cpus)
    pools[key] = pool
    return pool
  }

  private func weights(of graph: Graph, for request: WorkloadRequest) throws -> GeneratedWeights {
    let key = WeightsKey(
      network: request.place.network, description: request.place.description,
      problem: request.place.problem, seed: request.seed)
    // The old ones first: both at once may be more than there is room for.
    if weights?.key != key { weights = nil }
    var source = weights?.source ?? GeneratedWeights(seed: request.seed)
    try source.add(graph)
    weights = (key, source)
    return source
  }
}
