import Execution
import Networks
import Results
import Tensors

/// Copies of a compiled layer that take turns, so that every call finds its weights in memory
/// rather than in a cache, as in a net, while the blobs stay warm.
public enum ColdRing {
  /// - Parameters:
  ///   - first: the layer itself, which becomes the first of the ring.
  ///   - weights: what it was compiled from; each copy gets its own.
  ///   - options: tiles chosen by now included, so that the copies run the same code.
  public static func copies(
    of first: CompiledNetwork, weights: any WeightSource, backend: any Backend,
    options: CompileOptions, count: Int
  ) throws -> [CompiledNetwork] {
    var ring = [first]
    for _ in 1..<count {
      let steps = try LocalWorkload.steps(
        of: first.graph, weights: CopiedWeights(source: weights), backend: backend,
        options: options)
      ring.append(CompiledNetwork(steps: steps, inBlobsOf: first))
    }
    return ring
  }

  /// Copies whose weights together are larger than twice the last-level cache, at least two.
  public static func count(weightByteCount: Int, cacheByteCount: Int) -> Int {
    guard weightByteCount > 0 else { return 1 }
    return max(2, 2 * cacheByteCount / weightByteCount + 1)
  }
}

/// The last-level cache of this machine.
enum LastLevelCache {
  /// What is assumed where the system does not tell.
  private static let assumedByteCount = 32 << 20

  /// Bytes of all caches of the highest level together.
  static let byteCount: Int = {
    let caches = Topology.caches(SystemFiles())
    guard let level = caches.map(\.level).max() else { return assumedByteCount }
    return caches.filter { $0.level == level }.reduce(0) { $0 + $1.byteCount * $1.count }
  }()
}

/// Weights in memory of their own at every request: backends that use them as they are get copies
/// too.
private struct CopiedWeights: WeightSource {
  let source: any WeightSource

  func weights(of node: Graph.Node, in graph: Graph) throws(NetworkError) -> LayerWeights? {
    guard let weights = try source.weights(of: node, in: graph) else { return nil }
    func copy(_ tensor: Tensor) -> Tensor {
      let copy = Tensor(tensor.shape, layout: tensor.layout)
      copy.pointer.update(from: tensor.pointer, count: tensor.buffer.count)
      return copy
    }
    return LayerWeights(weight: copy(weights.weight), bias: weights.bias.map(copy))
  }
}
