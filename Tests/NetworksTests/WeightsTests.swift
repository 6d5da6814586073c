import Networks
import Tensors
import Testing

@Suite("Seeded weights and inputs")
struct WeightsTests {
  @Test("A layer alone gets the weights that it has in the whole network")
  func singleLayer() throws {
    let graph = try GraphTests.graph("alexnet-mini", batch: 1)
    let source = SeededWeights(seed: 42)
    for (index, node) in graph.nodes.enumerated() {
      let single = graph.single(index)
      let whole = try source.weights(of: node, in: graph)
      let alone = try source.weights(of: single.nodes[0], in: single)
      #expect(whole?.weight.values == alone?.weight.values, "\(node.layer.name)")
      #expect(whole?.bias?.values == alone?.bias?.values, "\(node.layer.name)")
      #expect((whole != nil) == (graph.weightShapes(of: node) != nil))
    }
  }

  @Test("The batch size and the seed's repetition change nothing; another seed does")
  func dependsOnSeedOnly() throws {
    func conv2(seed: UInt64, batch: Int) throws -> [Float]? {
      let graph = try GraphTests.graph("caffenet-mini", batch: batch)
      let node = graph.nodes[try graph.node(named: "conv2")]
      return try SeededWeights(seed: seed).weights(of: node, in: graph)?.weight.values
    }
    #expect(try conv2(seed: 1, batch: 1) == conv2(seed: 1, batch: 7))
    #expect(try conv2(seed: 1, batch: 1) != conv2(seed: 2, batch: 1))
  }

  @Test("The variance of a weight is 2 ∕ fan-in")
  func isHeScaled() throws {
    let graph = try GraphTests.graph("caffenet-mini", batch: 1)
    for name in ["conv1", "conv2", "fc6"] {
      let node = graph.nodes[try graph.node(named: name)]
      let found = try SeededWeights(seed: 9).weights(of: node, in: graph)
      let weight = try #require(found).weight
      let fanIn = Double(weight.shape.dimensions.dropFirst().reduce(1, *))
      let variance =
        weight.values.reduce(0) { $0 + Double($1) * Double($1) } / Double(weight.shape.count)
      #expect(abs(variance * fanIn / 2 - 1) < 0.05, "\(name)")
      #expect(weight.values.allSatisfy { $0 != 0 && $0.isNormal })
    }
  }

  @Test("Shapes of weights follow groups, kernels and biases")
  func shapes() throws {
    let graph = try GraphTests.graph("alexnet", batch: 1)
    func shapes(_ name: String) throws -> (weight: Shape, bias: Shape?)? {
      graph.weightShapes(of: graph.nodes[try graph.node(named: name)])
    }
    #expect(try shapes("conv1")?.weight == Shape([96, 3, 11, 11]))
    #expect(try shapes("conv2")?.weight == Shape([256, 48, 5, 5]))
    #expect(try shapes("fc6")?.weight == Shape([4096, 9216]))
    #expect(try shapes("fc6")?.bias == Shape([4096]))
    #expect(try shapes("relu1") == nil)
  }

  @Test("Operands of a layer alone: signed for the first layer and ReLU, half zero after a ReLU")
  func operands() throws {
    let graph = try GraphTests.graph("alexnet-mini", batch: 1)
    func zeros(_ name: String) throws -> Double {
      let node = graph.nodes[try graph.node(named: name)]
      let values = SeededInput.operand(seed: 1, of: node, in: graph).values
      return Double(values.filter { $0 == 0 }.count) / Double(values.count)
    }
    #expect(try zeros("conv1") == 0)
    #expect(try zeros("relu1") == 0)
    #expect(try zeros("prob") == 0)
    #expect(try abs(zeros("conv2") - 0.5) < 0.02)
    #expect(try abs(zeros("fc6") - 0.5) < 0.1)
  }
}
