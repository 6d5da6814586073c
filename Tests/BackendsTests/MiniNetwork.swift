import Execution
import Networks
import Reference
import Tensors
import Testing

/// A small AlexNet with the reference's results, computed once for all tests.
struct MiniNetwork: Sendable, CustomTestStringConvertible {
  /// A layer alone: its graph, a float32 operand, and what float64 makes of that.
  struct Operand: Sendable {
    let graph: Graph
    let input: Tensor
    let want: ReferenceResult
  }

  let graph: Graph
  let input: Tensor
  let weights = SeededWeights(seed: 20)
  /// One per node.
  let operands: [Operand]
  /// Float64 all the way; one per value.
  let values: [[Double]]

  var testDescription: String { graph.networkName }

  static let all: [MiniNetwork] = ["alexnet-mini", "caffenet-mini"].map(MiniNetwork.init)

  private init(_ name: String) {
    do {
      guard let network = NetworkCatalog.network(named: name) else {
        fatalError("no network \(name)")
      }
      let graph = try network.graph(batch: 2)
      let weights = weights
      let input = SeededInput.image(seed: 20, blob: "data", shape: graph.values[0].shape)
      operands = try graph.nodes.indices.map { index in
        let single = graph.single(index)
        let node = single.nodes[0]
        let shape = single.inputShape(of: node)
        let input = SeededInput.operand(seed: 20, of: node, shape: shape)
        let want = Reference.forward(
          node, in: single, inputs: [input.values],
          weights: try weights.weights(of: node, in: single))
        return Operand(graph: single, input: input, want: want)
      }
      values = try Reference.forward(graph, inputs: [input.values], weights: weights)
      self.graph = graph
      self.input = input
    } catch {
      fatalError("\(name): \(error)")
    }
  }

  /// Compares a blob of a whole forward.
  func check(_ got: [Float], of value: Graph.ValueID) throws {
    let norms = ErrorNorms(got: got, want: values[value])
    #expect(norms.nrmse <= 1e-5, "\(graph.values[value].blob), value \(value)")
  }
}
