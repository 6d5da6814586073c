import Networks
import Reference
import Tensors

/// A network of one layer, and the float64 results of it.
struct SingleLayer {
  let graph: Graph

  init(_ spec: LayerSpec, input: Shape) throws { try self.init(spec, inputs: [input]) }

  init(_ spec: LayerSpec, inputs: [Shape], topCount: Int = 1) throws {
    let blobs = inputs.indices.map { "in\($0)" }
    let layer = Layer(
      name: "layer", spec: spec, bottoms: blobs, tops: (0..<topCount).map { "out\($0)" })
    let network = Network(
      name: "single", inputs: zip(blobs, inputs).map { Network.Input(blob: $0, shape: $1) },
      layers: [layer])
    graph = try network.graph()
  }

  /// All outputs of a layer without weights.
  func outputs(_ inputs: [[Float]]) -> [ReferenceResult] {
    Reference.outputs(of: node, in: graph, inputs: inputs, weights: nil)
  }

  var node: Graph.Node { graph.nodes[0] }
  var inputCount: Int { graph.inputShape(of: node).count }

  func forward(
    _ input: [Float], weight: [Float]? = nil, bias: [Float]? = nil, images: [Int]? = nil
  ) -> ReferenceResult {
    let shapes = graph.weightShapes(of: node)
    let weights = shapes.flatMap { shapes in
      weight.map { values in
        LayerWeights(
          weight: Tensor(shapes.weight, values: values),
          bias: shapes.bias.flatMap { shape in bias.map { Tensor(shape, values: $0) } })
      }
    }
    return Reference.forward(node, in: graph, inputs: [input], weights: weights, images: images)
  }
}

/// 1, 2, 3, …
func counting(_ count: Int) -> [Float] { (1...count).map(Float.init) }

/// Random values in (−1, 1).
func random(_ count: Int, _ stream: String) -> [Float] {
  let generator = CounterGenerator(seed: 1, stream: stream)
  return (0..<count).map(generator.symmetricUnit)
}

/// Random integers in −limit ... limit.
func randomIntegers(_ count: Int, limit: Int, _ stream: String) -> [Float] {
  var values = [Float](repeating: 0, count: count)
  values.withUnsafeMutableBufferPointer {
    CounterGenerator(seed: 1, stream: stream).fillIntegers($0, limit: limit)
  }
  return values
}
