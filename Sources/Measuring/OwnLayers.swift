import Execution
import Kernels
import Networks
import Tensors

/// A layer that a backend computes itself when it is measured alone.
package struct OwnLayer: Sendable {
  /// Name of the layer.
  package var layer: String
  package var backend: any Backend
  package var cost: Cost

  /// All such pairs of a network, layer by layer, the backends in the order given.
  ///
  /// Each layer is compiled, with weights that are zero, since only its steps tell who computes it.
  /// Left out are backends that are not available, that compute in a process of their own or need a
  /// plan, and those that a run skips with so many images or threads.
  /// - Parameter graph: of the whole network, with its batch.
  /// - Throws: a graph that makes no weights.
  package static func all(
    of backends: [any Backend], in graph: Graph, threads: Int, kernels: InstructionSet
  ) throws -> [OwnLayer] {
    let able = backends.filter(\.canCompile)
    let options = CompileOptions(
      kernels: kernels.kernels, pool: ThreadPool(threadCount: 1), boundary: .native)
    return try graph.nodes.indices.flatMap { node -> [OwnLayer] in
      let single = graph.single(node)
      let weights = BlankWeights(of: single)
      let place = WorkloadPlace(
        graph: graph, network: graph.networkName, node: node, batch: graph.batch, threads: threads)
      return try able.filter { backend in
        let contender = Contender(backend: backend, kernels: kernels, isa: kernels.rawValue)
        guard contender.skipReason(place) == nil else { return false }
        return try computes(single, backend, weights: weights, options: options)
      }.map { backend in
        OwnLayer(layer: place.layer, backend: backend, cost: graph.cost(of: graph.nodes[node]))
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
