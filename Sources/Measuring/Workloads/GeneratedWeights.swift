import Networks

/// The seeded weights of a network, made beforehand and once: drawing 61 million numbers is no part of
/// what a backend does to prepare itself.
struct GeneratedWeights: WeightSource {
  private let source: SeededWeights
  private var layers: [String: LayerWeights] = [:]

  init(seed: UInt64) { source = SeededWeights(seed: seed) }

  /// Makes those of a graph that are not there yet.
  mutating func add(_ graph: Graph) throws(NetworkError) {
    for node in graph.nodes where layers[node.layer.name] == nil {
      layers[node.layer.name] = try source.weights(of: node, in: graph)
    }
  }

  func weights(of node: Graph.Node, in graph: Graph) throws(NetworkError) -> LayerWeights? {
    layers[node.layer.name]
  }
}
