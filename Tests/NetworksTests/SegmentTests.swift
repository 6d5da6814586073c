import Networks
import Tensors
import Testing

@Suite struct SegmentTests {
  @Test(
    "A segment has the same layers, with values of its own",
    arguments: ["caffenet-mini", "layers-mini"])
  func segment(name: String) throws {
    let network = try #require(NetworkCatalog.network(named: name))
    let graph = try network.graph(batch: 2)
    let range = 2..<graph.nodes.count - 1
    let (segment, values) = graph.segment(range)
    #expect(segment.nodes.map(\.layer.name) == graph.nodes[range].map(\.layer.name))
    #expect(segment.batch == 2)
    #expect(Set(values).count == values.count && values.count == segment.values.count)
    for (node, original) in zip(segment.nodes, graph.nodes[range]) {
      #expect(node.inputs.map { values[$0] } == original.inputs)
      #expect(node.outputs.map { values[$0] } == original.outputs)
      #expect(graph.inputShape(of: original) == segment.inputShape(of: node))
    }
    for (id, value) in segment.values.enumerated() {
      #expect((value.producer == nil) == segment.inputs.contains(id))
      if let producer = value.producer { #expect(segment.nodes[producer].outputs.contains(id)) }
    }
  }
}
