import Execution
import Networks
import Results
import Tensors

/// Copies of a compiled layer that take turns, so that every call finds its weights in memory
/// rather than in a cache, as in a net, while the blobs stay warm – or, where all is to be cold, its
/// inputs and outputs as well.
package enum ColdRing {
  /// Copies at most: each takes time to compile.
  static let largestCount = 16_384

  /// - Parameters:
  ///   - first: the layer itself, which becomes the first of the ring.
  ///   - weights: what it was compiled from; each copy gets its own.
  ///   - options: tiles chosen by now included, so that the copies run the same code.
  ///   - sharesBlobs: whether they work on the same inputs and outputs; otherwise the inputs of the
  ///     copies are to be filled in.
  package static func copies(
    of first: CompiledNetwork, weights: any WeightSource, backend: any Backend,
    options: CompileOptions, count: Int, sharesBlobs: Bool = true
  ) throws -> [CompiledNetwork] {
    var ring = [first]
    for _ in 1..<count {
      let steps = try LocalWorkload.steps(
        of: first.graph, weights: CopiedWeights(source: weights), backend: backend,
        options: options)
      ring.append(
        sharesBlobs
          ? CompiledNetwork(steps: steps, inBlobsOf: first)
          : CompiledNetwork(steps: steps, inWorkspaceOf: first))
    }
    return ring
  }

  /// Copies that together are larger than twice the last-level cache, at least two.
  /// - Parameter byteCount: what is to be cold of one copy; one copy is enough when that is nothing.
  package static func count(byteCount: Int, cacheByteCount: Int) -> Int {
    guard byteCount > 0 else { return 1 }
    return max(2, 2 * cacheByteCount / byteCount + 1)
  }

  /// The copies that a workload takes turns with.
  /// - Throws: ``MeasuringError/workload(status:reason:)`` for one too small to be cold.
  static func ring(
    for cache: CacheMode, of first: CompiledNetwork, weights: any WeightSource,
    backend: any Backend, options: CompileOptions
  ) throws -> [CompiledNetwork] {
    guard cache != .warm else { return [first] }
    let bytes = first.weightByteCount + (cache == .cold ? first.blobByteCount : 0)
    return try copies(
      of: first, weights: weights, backend: backend, options: options,
      count: try count(byteCount: bytes), sharesBlobs: cache == .coldWeights)
  }

  /// Copies that together exceed this machine's caches.
  /// - Throws: ``MeasuringError/workload(status:reason:)`` when that takes too many.
  static func count(byteCount: Int) throws(MeasuringError) -> Int {
    let count = count(byteCount: byteCount, cacheByteCount: LastLevelCache.byteCount)
    guard count <= largestCount else {
      throw .workload(
        status: .skipped,
        reason:
          "it takes \(count) copies of its \(byteCount) bytes to exceed the caches, more than "
          + "\(largestCount)")
    }
    return count
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
struct CopiedWeights: WeightSource {
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
