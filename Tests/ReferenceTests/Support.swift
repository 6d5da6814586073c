import Networks
import Reference
import Tensors

/// A network of one layer, and the float64 results of it.
struct SingleLayer {
  let graph: Graph

  init(_ spec: LayerSpec, input: Shape) throws {
    let layer = Layer(name: "layer", spec: spec, bottoms: ["in"], tops: ["out"])
    let network = Network(
      name: "single", inputs: [Network.Input(blob: "in", shape: input)], layers: [layer])
    graph = try network.graph()
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
