import Networks

/// The seeded weights of a graph, made beforehand: drawing 61 million numbers is no part of what a
/// backend does to prepare itself.
struct GeneratedWeights: WeightSource {
  private var layers: [String: LayerWeights] = [:]

  init(of graph: Graph, seed: UInt64) throws(NetworkError) {
    let source = SeededWeights(seed: seed)
    for node in graph.nodes {
      layers[node.layer.name] = try source.weights(of: node, in: graph)
    }
  }

  func weights(of node: Graph.Node, in graph: Graph) throws(NetworkError) -> LayerWeights? {
    layers[node.layer.name]
  }
}
