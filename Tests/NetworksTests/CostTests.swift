import Networks
import Tensors
import Testing

@Suite("Cost")
struct CostTests {
  @Test(
    "Multiply-adds of each layer are those of the literature, at any batch", arguments: [1, 10])
  func multiplyAdds(batch: Int) throws {
    let graph = try GraphTests.graph("alexnet", batch: batch)
    let want = [
      "conv1": 105_415_200, "conv2": 223_948_800, "conv3": 149_520_384, "conv4": 112_140_288,
      "conv5": 74_760_192, "fc6": 37_748_736, "fc7": 16_777_216, "fc8": 4_096_000,
    ]
    for node in graph.nodes {
      let cost = graph.cost(of: node)
      #expect(cost.multiplyAdds == batch * want[node.layer.name, default: 0], "\(node.layer.name)")
      if cost.multiplyAdds > 0 { #expect(cost.flops == 2 * cost.multiplyAdds) }
    }
  }

  @Test("The convolutions cost 665.8 million multiply-adds an image, the net 724.4")
  func totals() throws {
    let graph = try GraphTests.graph("caffenet", batch: 1)
    let convolutions = graph.nodes.filter { $0.layer.spec.kind == .convolution }
      .map { graph.cost(of: $0).multiplyAdds }.reduce(0, +)
    #expect(convolutions == 665_784_864)
    #expect(graph.totalCost.multiplyAdds == 724_406_816)
  }

  @Test("AlexNet has 60,965,224 parameters", arguments: ["alexnet", "caffenet"])
  func parameters(name: String) throws {
    let graph = try GraphTests.graph(name)
    #expect(graph.totalCost.parameters == 60_965_224)
    #expect(graph.totalCost.weightBytes == 4 * 60_965_224)
    let conv2 = graph.nodes[try graph.node(named: "conv2")]
    #expect(graph.cost(of: conv2).parameters == 256 * 48 * 25 + 256)
  }

  @Test("Bytes count every operand once")
  func bytes() throws {
    let graph = try GraphTests.graph("alexnet", batch: 2)
    let conv1 = graph.cost(of: graph.nodes[0])
    #expect(conv1.inputBytes == 4 * 2 * 3 * 227 * 227)
    #expect(conv1.outputBytes == 4 * 2 * 96 * 55 * 55)
    #expect(conv1.weightBytes == 4 * (96 * 363 + 96))
    #expect(conv1.bytes == conv1.inputBytes + conv1.outputBytes + conv1.weightBytes)
    #expect(graph.totalCost.inputBytes == conv1.inputBytes)
    #expect(graph.totalCost.outputBytes == 4 * 2 * 1000)
  }

  @Test("GoogLeNet has 6,998,552 parameters and 1.58 thousand million multiply-adds")
  func googLeNet() throws {
    let graph = try GraphTests.graph("googlenet", batch: 1)
    #expect(graph.totalCost.parameters == 6_998_552)
    #expect(graph.totalCost.multiplyAdds == 1_582_671_872)
  }

  @Test("A transposed inner product costs what the other does")
  func transposed() throws {
    let costs = try [false, true].map { isTransposed in
      let spec = InnerProductSpec(outputs: 7, isTransposed: isTransposed)
      let graph = try Network(
        name: "x", inputs: [Network.Input(blob: "in", shape: Shape([3, 2, 5]))],
        layers: [Layer(name: "fc", spec: .innerProduct(spec), bottoms: ["in"], tops: ["out"])]
      ).graph()
      #expect(
        graph.weightShapes(of: graph.nodes[0])?.weight == Shape(isTransposed ? [10, 7] : [7, 10]))
      return graph.cost(of: graph.nodes[0])
    }
    #expect(costs[0] == costs[1])
    #expect(costs[0].multiplyAdds == 3 * 7 * 10)
  }

  @Test("Joining moves bytes only; a loss counts its softmax")
  func joinsAndLosses() throws {
    func cost(_ spec: LayerSpec, _ shapes: [[Int]]) throws -> Cost {
      let blobs = shapes.indices.map { "in\($0)" }
      let graph = try Network(
        name: "x",
        inputs: zip(blobs, shapes).map { Network.Input(blob: $0, shape: Shape($1)) },
        layers: [Layer(name: "l", spec: spec, bottoms: blobs, tops: ["out"])]
      ).graph()
      return graph.cost(of: graph.nodes[0])
    }
    let concat = try cost(.concat(ConcatSpec()), [[2, 3], [2, 5]])
    #expect(concat.flops == 0)
    #expect(concat.inputBytes == 64 && concat.outputBytes == 64)
    #expect(try cost(.flatten(FlattenSpec()), [[2, 3, 4]]).flops == 0)
    #expect(try cost(.eltwise(EltwiseSpec()), [[2, 3], [2, 3], [2, 3]]).flops == 12)
    #expect(
      try cost(.eltwise(EltwiseSpec(coefficients: [1, 2])), [[2, 3], [2, 3]]).flops == 18)
    let loss = try cost(.softmaxWithLoss(SoftmaxWithLossSpec()), [[2, 5], [2]])
    #expect(loss.flops == 44)
    #expect(loss.outputBytes == 4)
    #expect(try cost(.euclideanLoss(EuclideanLossSpec()), [[2, 5], [2, 5]]).flops == 30)
    #expect(try cost(.accuracy(AccuracySpec()), [[2, 5], [2]]).flops == 10)
    #expect(try cost(.sigmoid, [[3]]).flops == 12)
  }

  @Test("Layers without multiply-adds count the operations of each output")
  func elementwise() throws {
    let graph = try GraphTests.graph("alexnet", batch: 1)
    func flops(_ name: String) throws -> Int {
      graph.cost(of: graph.nodes[try graph.node(named: name)]).flops
    }
    #expect(try flops("relu1") == 96 * 55 * 55)
    #expect(try flops("pool1") == 96 * 27 * 27 * 9)
    #expect(try flops("norm1") == 96 * 55 * 55 * 13)
    #expect(try flops("drop6") == 0)
  }
}
