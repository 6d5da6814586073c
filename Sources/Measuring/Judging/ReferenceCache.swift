import Networks
import Reference
import Tensors

/// The float64 results of a run, each computed once.
package final class ReferenceCache {
  private struct Key: Hashable {
    var network: String
    var layer: String
    var isNet: Bool
    var batch: Int
    var seed: UInt64

    init(_ place: WorkloadPlace, _ seed: UInt64) {
      network = place.graph.networkName
      layer = place.layer
      isNet = place.isNet
      batch = place.batch
      self.seed = seed
    }
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
  func layer(_ place: WorkloadPlace, seed: UInt64) throws -> [ReferenceResult] {
    let key = Key(place, seed)
    if let known = layers[key] { return known }
    let graph = place.compiledGraph
    let node = graph.nodes[0]
    let result = Reference.outputs(
      of: node, in: graph,
      inputs: graph.inputs.map { place.input($0, seed: seed, of: graph).values },
      weights: try SeededWeights(seed: seed).weights(of: node, in: graph),
      images: graph.mixesImages ? nil : Self.checkedImages(batch: place.batch))
    layers[key] = result
    return result
  }

  /// The reference of a whole net, one array per value.
  func net(_ place: WorkloadPlace, seed: UInt64) throws -> [[Double]] {
    let key = Key(place, seed)
    if let known = nets[key] { return known }
    let graph = place.graph
    let result = try Reference.forward(
      graph, inputs: graph.inputs.map { place.input($0, seed: seed, of: graph).values },
      weights: SeededWeights(seed: seed),
      images: graph.mixesImages ? nil : Self.checkedImages(batch: place.batch))
    nets[key] = result
    return result
  }

  /// Computes what ``judge(_:of:seed:facts:)`` needs, unless it is there.
  func compute(_ place: WorkloadPlace, seed: UInt64) throws {
    if place.isNet {
      _ = try net(place, seed: seed)
    } else {
      _ = try layer(place, seed: seed)
    }
  }

  /// Judges what a workload of this place computed.
  func judge(
    _ blobs: [BlobValues], of place: WorkloadPlace, seed: UInt64, facts: PreparedFacts
  ) throws -> Verdict {
    if place.isNet {
      return Judge.judge(net: blobs, graph: place.graph, against: try net(place, seed: seed))
    }
    return Judge.judge(
      layer: blobs, of: place.compiledGraph, against: try layer(place, seed: seed),
      amplification: facts.errorAmplification, tile: facts.errorTile)
  }
}
