import Networks
import Reference
import Tensors
import Testing

@Suite("Reference of a whole graph")
struct WholeGraphTests {
  private static let network = Network(
    name: "small", inputs: [Network.Input(blob: "data", shape: Shape([3, 2, 9, 8]))],
    layers: [
      Layer(
        name: "conv",
        spec: .convolution(ConvolutionSpec(outputs: 4, kernel: Extent(3), groups: 2)),
        bottoms: ["data"], tops: ["conv"]),
      Layer(name: "relu", spec: .relu(ReLUSpec()), bottoms: ["conv"], tops: ["conv"]),
      Layer(name: "norm", spec: .lrn(LRNSpec(size: 3)), bottoms: ["conv"], tops: ["norm"]),
      Layer(
        name: "pool",
        spec: .pooling(PoolingSpec(method: .max, kernel: Extent(3), stride: Extent(2))),
        bottoms: ["norm"], tops: ["pool"]),
      Layer(
        name: "fc", spec: .innerProduct(InnerProductSpec(outputs: 5)), bottoms: ["pool"],
        tops: ["fc"]),
      Layer(name: "drop", spec: .dropout(DropoutSpec()), bottoms: ["fc"], tops: ["fc"]),
      Layer(name: "prob", spec: .softmax(SoftmaxSpec()), bottoms: ["fc"], tops: ["prob"]),
    ])
  private let weights = SeededWeights(seed: 3)

  @Test("is the chain of its layers, but for their float32 inputs")
  func chain() throws {
    let graph = try Self.network.graph()
    let input = random(graph.values[0].shape.count, "data")
    let values = try Reference.forward(graph, inputs: [input], weights: weights)
    #expect(values.map(\.count) == graph.values.map(\.shape.count))
    #expect(values[0] == input.map(Double.init))
    for node in graph.nodes {
      let rounded = values[node.inputs[0]].map(Float.init)
      let result = Reference.forward(
        node, in: graph, inputs: [rounded], weights: try weights.weights(of: node, in: graph))
      #expect(result.shape == graph.outputShape(of: node))
      let norms = ErrorNorms(
        got: values[node.outputs[0]].map(Float.init), want: result.values)
      #expect(norms.nrmse < 1e-6, "\(node.layer.name)")
    }
  }

  @Test("gives the same for picked images as for all")
  func images() throws {
    let graph = try Self.network.graph()
    let input = random(graph.values[0].shape.count, "data")
    let all = try Reference.forward(graph, inputs: [input], weights: weights)
    let some = try Reference.forward(graph, inputs: [input], weights: weights, images: [2, 0])
    for (id, value) in graph.values.enumerated() {
      let count = value.shape.countPerImage
      #expect(some[id][..<count] == all[id][(2 * count)...])
      #expect(some[id][count...] == all[id][..<count])
    }
  }
}
