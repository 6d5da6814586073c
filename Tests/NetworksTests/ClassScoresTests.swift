import Networks
import Tensors
import Testing

@Suite("The output that tells classes")
struct ClassScoresTests {
  @Test("It is the softmax's, of every network of the catalog that has one at its end")
  func catalog() throws {
    for name in ["alexnet", "caffenet", "googlenet", "lenet", "cifar10_quick"] {
      let graph = try #require(NetworkCatalog.network(named: name)).graph()
      let scores = try #require(graph.classScores, "\(name)")
      #expect(graph.isClassProbabilities(scores))
      #expect(graph.values[scores].shape.count == graph.batch * graph.values[scores].shape.c)
    }
  }

  private func network(_ layers: [Layer], channels: Int = 3, side: Int = 1) -> Network {
    Network(
      name: "n", inputs: [.init(blob: "x", shape: Shape(n: 2, c: channels, h: side, w: side))],
      layers: layers)
  }

  private func relu(_ name: String, to top: String) -> Layer {
    Layer(name: name, spec: .relu(ReLUSpec()), bottoms: ["x"], tops: [top])
  }

  @Test("Without a softmax it is the only output, if it has one value per class")
  func withoutSoftmax() throws {
    let one = try network([relu("a", to: "y")]).graph()
    #expect(one.classScores == one.outputs.first)
    #expect(try network([relu("a", to: "y"), relu("b", to: "z")]).graph().classScores == nil)
    #expect(try network([relu("a", to: "y")], side: 2).graph().classScores == nil)
  }
}
