import Execution
import Networks
import Reference
import Tensors
import Testing

/// A small network with the reference's results, computed once for all tests.
struct MiniNetwork: Sendable, CustomTestStringConvertible {
  /// A layer alone: its graph, a float32 operand, and what float64 makes of that.
  struct Operand: Sendable {
    let graph: Graph
    let inputs: [Tensor]
    let want: [ReferenceResult]
  }

  let graph: Graph
  /// One per input of the graph.
  let inputs: [Tensor]
  let weights = SeededWeights(seed: 20)
  /// One per node.
  let operands: [Operand]
  /// Float64 all the way; one per value.
  let values: [[Double]]

  var testDescription: String { graph.networkName }

  static let all: [MiniNetwork] = [
    "alexnet-mini", "caffenet-mini", "lenet", "cifar10_quick", "cifar10_full", "layers-mini",
  ].map(MiniNetwork.init)

  private init(_ name: String) {
    do {
      guard let network = NetworkCatalog.network(named: name) else {
        fatalError("no network \(name)")
      }
      let graph = try network.graph(batch: 2)
      let weights = weights
      let inputs = graph.inputs.map { SeededInput.input(seed: 20, of: $0, in: graph) }
      operands = try graph.nodes.indices.map { index in
        let single = graph.single(index)
        let node = single.nodes[0]
        let inputs = node.inputs.indices.map {
          SeededInput.operand(seed: 20, of: node, position: $0, in: single)
        }
        let want = Reference.outputs(
          of: node, in: single, inputs: inputs.map(\.values),
          weights: try weights.weights(of: node, in: single))
        return Operand(graph: single, inputs: inputs, want: want)
      }
      values = try Reference.forward(graph, inputs: inputs.map(\.values), weights: weights)
      self.graph = graph
      self.inputs = inputs
    } catch {
      fatalError("\(name): \(error)")
    }
  }

  func setInputs(of compiled: CompiledNetwork) {
    for (value, input) in zip(graph.inputs, inputs) { compiled.setInput(value, to: input) }
  }

  /// Compares a blob of a whole forward.
  func check(
    _ got: [Float], of value: Graph.ValueID, _ precision: Precision = .single
  ) throws {
    let norms = ErrorNorms(got: got, want: values[value])
    #expect(norms.nrmse <= precision.errorLimit, "\(graph.values[value].blob), value \(value)")
  }
}
