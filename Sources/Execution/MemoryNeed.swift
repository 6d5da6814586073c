import Networks
import Tensors

/// What a backend has in memory for a compiled graph besides its blobs, in bytes, about: enough to
/// refuse what cannot fit before anything is computed.
public struct MemoryNeed: Sendable, Equatable {
  /// Weights as its steps keep them.
  public var weights: Int
  /// Scratch memory of a call.
  public var workspace = 0
  /// What only compiling takes, besides the weights that it reads.
  public var compiling: Int
  /// Whether it chooses between ways by measuring, for which caches are emptied.
  public var measuresChoices = false

  /// Of a backend that packs the weights of one layer after the other.
  public init(of graph: Graph) {
    let weights = graph.nodes.map { graph.cost(of: $0).weightBytes }
    self.weights = weights.reduce(0, +)
    // The layer that is packed is there twice.
    compiling = weights.max() ?? 0
  }
}
