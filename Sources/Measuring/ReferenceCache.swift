import Networks
import Reference
import Tensors

/// The float64 results of a run, each computed once.
package final class ReferenceCache {
  private struct Key: Hashable {
    var network: String
    var layer: String?
    var batch: Int
    var seed: UInt64
  }

  private var layers: [Key: [ReferenceResult]] = [:]
  private var nets: [Key: [[Double]]] = [:]

  package init() {}

  /// The images that are checked: all, or of many the first, the middle and the last.
  /// - Returns: nil for all.
  package static func checkedImages(batch: Int) -> [Int]? {
    batch > 3 ? [0, batch / 2, batch - 1] : nil
  }

  /// The reference of a layer measured alone, one result for each of its outputs.
  /// - Parameter graph: of that layer alone, ``Networks/Graph/single(_:)``.
  func layer(_ request: WorkloadRequest, graph: Graph) throws -> [ReferenceResult] {
    let key = key(request, graph)
    if let known = layers[key] { return known }
    let node = graph.nodes[0]
    let inputs = graph.inputs.map {
      LocalWorkload.input($0, of: graph, request: request).values
    }
    let result = Reference.outputs(
      of: node, in: graph, inputs: inputs,
      weights: try SeededWeights(seed: request.seed).weights(of: node, in: graph),
      images: graph.mixesImages ? nil : Self.checkedImages(batch: request.batch))
    layers[key] = result
    return result
  }

  /// The reference of a whole net, one array per value.
  func net(_ request: WorkloadRequest, graph: Graph) throws -> [[Double]] {
    let key = key(request, graph)
    if let known = nets[key] { return known }
    let inputs = graph.inputs.map {
      LocalWorkload.input($0, of: graph, request: request).values
    }
    let result = try Reference.forward(
      graph, inputs: inputs, weights: SeededWeights(seed: request.seed),
      images: graph.mixesImages ? nil : Self.checkedImages(batch: request.batch))
    nets[key] = result
    return result
  }

  private func key(_ request: WorkloadRequest, _ graph: Graph) -> Key {
    Key(
      network: graph.networkName, layer: request.layer, batch: request.batch, seed: request.seed)
  }
}
