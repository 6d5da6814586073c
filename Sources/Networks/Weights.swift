import Tensors

/// Weight and bias of one layer, in Caffe's order.
public struct LayerWeights: Sendable {
  /// K×(C∕G)×R×S for a convolution; K×C for an inner product, C×K for a transposed one.
  public var weight: Tensor
  /// K values, or nil without bias.
  public var bias: Tensor?

  public init(weight: Tensor, bias: Tensor?) {
    self.weight = weight
    self.bias = bias
  }
}

/// Where weights come from: a seeded generator, or a file.
public protocol WeightSource: Sendable {
  /// The weights of a node of `graph`, or nil if its kind has none.
  func weights(of node: Graph.Node, in graph: Graph) throws(NetworkError) -> LayerWeights?
}

extension Graph {
  /// Products that each output of a layer with weights sums up; 0 for a layer without.
  func productsPerOutput(of node: Node) -> Int {
    guard node.layer.spec.hasWeights else { return 0 }
    return node.layer.spec.definition.window(on: inputShape(of: node)).reduce(1, *)
  }

  /// Shapes of the weight and the bias that a node needs, or nil if its kind has none.
  public func weightShapes(of node: Node) -> (weight: Shape, bias: Shape?)? {
    node.layer.spec.definition.weightShapes(on: inputShape(of: node))
  }
}

/// Random weights scaled after He et al. (2015, arXiv:1502.01852, equation 10), so that activations
/// keep their spread through the network: uniform with variance 2 ∕ fan-in; small biases.
///
/// Values depend on (seed, layer name, index) only.
public struct SeededWeights: WeightSource {
  public let seed: UInt64
  public init(seed: UInt64) { self.seed = seed }

  public func weights(of node: Graph.Node, in graph: Graph) throws(NetworkError) -> LayerWeights? {
    guard let shapes = graph.weightShapes(of: node) else { return nil }
    let name = node.layer.name
    let weight = Tensor(shapes.weight)
    let fanIn = Float(graph.productsPerOutput(of: node))
    CounterGenerator(seed: seed, stream: "\(name).weight")
      .fill(weight.buffer.elements, amplitude: (6 / fanIn).squareRoot())
    let bias = shapes.bias.map { shape in
      let bias = Tensor(shape)
      CounterGenerator(seed: seed, stream: "\(name).bias")
        .fill(bias.buffer.elements, amplitude: 0.1)
      return bias
    }
    return LayerWeights(weight: weight, bias: bias)
  }
}
