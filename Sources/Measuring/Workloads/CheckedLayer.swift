import Execution
import Kernels
import Networks
import Results
import Tensors

/// A layer that a backend computes itself when it is measured alone.
public struct OwnLayer: Sendable {
  /// Name of the layer.
  public var layer: String { graph.nodes[node].layer.name }
  public let backend: any Backend
  public let kernels: InstructionSet
  public let threads: Int
  /// Of the whole network, with its batch.
  public let graph: Graph
  /// Index into the nodes of ``graph``.
  public let node: Int
  public var cost: Cost { graph.cost(of: graph.nodes[node]) }

  var place: WorkloadPlace {
    WorkloadPlace(graph, network: graph.networkName, node: node, threads: threads)
  }

  /// All such pairs of a network, layer by layer, the backends in the order given.
  ///
  /// Each layer is compiled, with weights that are zero, since only its steps tell who computes it.
  /// Left out are backends that are not available, that compute in a process of their own or need a
  /// plan, and those that a run skips with so many images or threads.
  /// - Parameter graph: of the whole network, with its batch.
  /// - Throws: a graph that makes no weights.
  public static func all(
    of backends: [any Backend], in graph: Graph, threads: Int, kernels: InstructionSet
  ) throws -> [OwnLayer] {
    Placement.rememberMask()
    let able = backends.filter(\.canCompile)
    let options = CompileOptions(
      kernels: kernels.kernels, pool: ThreadPool(), boundary: .native)
    return try graph.nodes.indices.flatMap { node -> [OwnLayer] in
      let single = graph.single(node)
      let weights = BlankWeights(of: single)
      return try able.compactMap { backend in
        let own = OwnLayer(
          backend: backend, kernels: kernels, threads: threads, graph: graph, node: node)
        let contender = Contender(backend: backend, kernels: kernels, isa: kernels.rawValue)
        guard contender.skipReason(own.place) == nil else { return nil }
        return try computes(single, backend, weights: weights, options: options) ? own : nil
      }
    }
  }

  private static func computes(
    _ single: Graph, _ backend: any Backend, weights: any WeightSource, options: CompileOptions
  ) throws -> Bool {
    do {
      let steps = try LocalWorkload.steps(
        of: single, weights: weights, backend: backend, options: options)
      return CheckedLayer.refusal(of: steps, by: backend) == nil
    } catch MeasuringError.workload {
      return false
    }
  }
}

/// Weights of one layer alone, all zero: enough to see how it would be computed.
private struct BlankWeights: WeightSource {
  private let weights: LayerWeights?

  init(of graph: Graph) {
    weights = graph.weightShapes(of: graph.nodes[0]).map { shapes in
      LayerWeights(weight: Tensor(shapes.weight), bias: shapes.bias.map { Tensor($0) })
    }
  }

  func weights(of node: Graph.Node, in graph: Graph) -> LayerWeights? { weights }
}

/// A layer on one backend, prepared, warmed and checked as in a run, for a tool that takes the times
/// itself.
///
/// The data, the weights, the compiled step and its memory are those of a run with the same seed, and
/// ``run()`` is what a block of the run repeats.
public final class CheckedLayer {
  private let request: WorkloadRequest
  private let host: LocalHost
  private let workload: LocalWorkload
  private let references = ReferenceCache()

  /// What runs, as in the `implementation` column of a run.
  public var implementation: String { facts.implementation }
  package var facts: WorkloadFacts { workload.facts.facts }

  /// Compiles the layer, calls it once, and compares what it computes with the reference.
  /// - Parameter seed: of weights and inputs.
  /// - Throws: a sentence when the backend refuses the layer, hands it on or has nothing to do, and
  ///   when a result is wrong.
  public convenience init(_ layer: OwnLayer, seed: UInt64 = 1) throws {
    var request = WorkloadRequest(layer.place, on: layer.backend, kernels: layer.kernels)
    request.seed = seed
    try self.init(request, on: LocalHost { _ in [] })
  }

  package init(_ request: WorkloadRequest, on host: LocalHost) throws {
    guard !request.place.isNet else {
      throw MeasuringError.usage("a whole net is no layer; name the layer that is to be prepared")
    }
    self.request = request
    self.host = host
    workload = try host.prepareHere(request)
    if let reason = Self.refusal(of: workload.compiled.steps, by: request.backend) {
      throw MeasuringError.workload(status: .unsupported, reason: reason)
    }
    try check()
  }

  /// Compares with the reference what one more call computes, in the memory that is timed.
  /// - Throws: a sentence when it is wrong.
  public func check() throws {
    let images = ReferenceCache.checkedImages(batch: request.place.batch)
    let verdict = try references.judge(
      workload.outputs(images: images), of: request.place, seed: request.seed,
      facts: workload.facts)
    guard verdict.status != .ok else { return }
    throw MeasuringError.workload(status: verdict.status, reason: verdict.reason)
  }

  /// Times blocks as a run does until they stand still, or for as long as a run would.
  /// - Returns: whether they did.
  @discardableResult public func warmUp() -> Bool {
    let iterations = Schedule.iterations(nanoseconds: facts.firstNanoseconds ?? 0)
    return WarmUp.run(capNanoseconds: RunOptions().warmUpNanoseconds) {
      workload.time(BlockRequest(iterations: iterations, isPrimed: false))
    }
  }

  /// Pins or frees the calling thread as for a block of a run; to be called on the thread that
  /// calls ``run()``.
  public func place() { workload.place() }

  /// Computes the layer once.
  public func run() { workload.run() }

  /// The kernel id of the row-major code that backends share for layers which are not their point.
  private static let plainKernelID = "swift"

  /// Why steps are not a backend's own computation of a layer, or nil if they are.
  ///
  /// Stricter than a run, which counts the shared plain code as part of the backends that have it:
  /// three benchmarks of different names would measure the same loops. Plain loops are at home only
  /// in a backend of one thread by definition.
  static func refusal(of steps: [any Step], by backend: any Backend) -> String? {
    let working = steps.map(\.info).filter { !$0.nodes.isEmpty && !$0.isElided }
    if working.isEmpty { return "there is nothing to compute" }
    if let other = working.lazy.compactMap(\.delegatedTo).first {
      return "the layer is handed on to \(other)"
    }
    guard backend.threading != .single, working.contains(where: { $0.kernelID == plainKernelID })
    else { return nil }
    return "the layer is computed by the plain code that backends share"
  }
}
