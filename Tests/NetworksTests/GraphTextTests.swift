import Networks
import Tensors
import Testing

@Suite("Graphs as text")
struct GraphTextTests {
  @Test("The table of CaffeNet has the numbers of the literature")
  func table() throws {
    let table = try #require(NetworkCatalog.network(named: "caffenet")).graph(batch: 1).table
    #expect(table.allSatisfy { $0.count == 7 })
    #expect(table.count == 1 + 1 + 23 + 1)
    #expect(
      table[2] == [
        "conv1", "convolution", "11x11 s4", "1x96x55x55", "34944", "105415200", "1.3 MB",
      ])
    #expect(table[3] == ["relu1", "relu", "", "1x96x55x55", "0", "0", "0 B"], "in place")
    #expect(table[6][2] == "5x5 p2 g2")
    #expect(table[25][4] == "60965224")
    #expect(table[25][5] == "724406816")
  }

  @Test("Windows are told apart by all that they have")
  func kernels() {
    let convolution = ConvolutionSpec(
      outputs: 1, kernel: Extent(h: 3, w: 5), stride: Extent(h: 2, w: 1), pad: Extent(h: 0, w: 1),
      dilation: Extent(2))
    #expect(LayerSpec.convolution(convolution).kernelText == "3x5 s2x1 p0x1 d2")
    let pooling = PoolingSpec(method: .average, kernel: .one, isGlobal: true)
    #expect(LayerSpec.pooling(pooling).kernelText == "global average")
  }

  @Test("The picture has an arrow for each blob between stages, and names are quoted")
  func dot() throws {
    let network = Network(
      name: "a \"net\"", inputs: [.init(blob: "x", shape: Shape([2, 3]))],
      layers: [
        Layer(
          name: "i/1", spec: .innerProduct(InnerProductSpec(outputs: 4)), bottoms: ["x"],
          tops: ["i"]),
        Layer(name: "r", spec: .relu(ReLUSpec()), bottoms: ["i"], tops: ["i"]),
        Layer(
          name: "j", spec: .innerProduct(InnerProductSpec(outputs: 4)), bottoms: ["i"], tops: ["j"]),
        Layer(
          name: "e", spec: .eltwise(EltwiseSpec()), bottoms: ["i", "j"], tops: ["e"]),
      ])
    #expect(
      try network.graph().dot == """
        digraph "a \\"net\\"" {
          rankdir=TB;
          node [shape=box];
          "input x" [shape=ellipse, label="x"];
          "i/1" [label="i/1\\nr"];
          "j" [label="j"];
          "e" [label="e"];
          "input x" -> "i/1" [label="x\\n2x3"];
          "i/1" -> "j" [label="i\\n2x4"];
          "i/1" -> "e" [label="i\\n2x4"];
          "j" -> "e" [label="j\\n2x4"];
        }

        """)
  }
}
