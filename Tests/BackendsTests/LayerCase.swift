import Execution
import Foundation
import Networks
import Reference
import Synchronization
import Tensors
import Testing

/// One layer with its input and weights, and what float64 makes of them.
struct LayerCase: Sendable, CustomTestStringConvertible {
  /// How a case's numbers are drawn.
  enum Data: String, Sendable {
    /// Uniform, half of them zero after a ReLU; compared within the derived bound.
    case real
    /// Small integers, for which float32 is exact in any order.
    case integers
  }

  let name: String
  let spec: LayerSpec
  let input: Shape
  var data = Data.real

  var testDescription: String { "\(name) \(input)\(data == .integers ? " integers" : "")" }

  func graph() throws -> Graph {
    let layer = Layer(name: name, spec: spec, bottoms: ["in"], tops: ["out"])
    let network = Network(
      name: "case", inputs: [Network.Input(blob: "in", shape: input)], layers: [layer])
    return try network.graph()
  }

  /// Whether every float32 implementation must give the float64 values themselves.
  var isExact: Bool {
    switch spec {
    case .convolution, .innerProduct: data == .integers
    case .pooling(let spec): spec.method == .max
    case .relu(let spec): spec.negativeSlope == 0
    case .dropout: true
    default: false
    }
  }

  func tensor(of graph: Graph) -> Tensor {
    switch data {
    case .real:
      var node = graph.nodes[0]
      node.layerIndex = 1  // reads what a ReLU wrote
      return SeededInput.operand(seed: 7, of: node, shape: input)
    case .integers:
      let tensor = Tensor(input)
      CounterGenerator(seed: 7, stream: name).fillIntegers(tensor.buffer.elements, limit: 8)
      return tensor
    }
  }

  var weights: any WeightSource {
    switch data {
    case .real: SeededWeights(seed: 5)
    case .integers: IntegerWeights()
    }
  }
}

/// Small integers as weights and biases.
struct IntegerWeights: WeightSource {
  func weights(of node: Graph.Node, in graph: Graph) -> LayerWeights? {
    guard let shapes = graph.weightShapes(of: node) else { return nil }
    func tensor(_ shape: Shape, _ stream: String) -> Tensor {
      let tensor = Tensor(shape)
      CounterGenerator(seed: 5, stream: stream).fillIntegers(tensor.buffer.elements, limit: 8)
      return tensor
    }
    return LayerWeights(
      weight: tensor(shapes.weight, "weight"), bias: shapes.bias.map { tensor($0, "bias") })
  }
}

/// What became of comparing one compiled layer with the reference.
enum Outcome: Equatable {
  case refused(String)
  case compared(maxBoundRatio: Double, maxAbsError: Double, amplification: Double)
}

/// Compiles a graph of one node, runs it twice, and compares its output with the reference.
func compare(
  _ candidate: Candidate, _ graph: Graph, input: Tensor, weights: any WeightSource,
  want: ReferenceResult, threads: Int, boundary: Boundary
) throws -> Outcome {
  let steps: [any Step]
  do {
    steps = try candidate.backend.compile(
      graph, weights: weights, options: candidate.options(threads: threads, boundary: boundary))
  } catch {
    guard case .unsupported(_, let reason) = error else { throw error }
    return .refused(reason)
  }
  let network = CompiledNetwork(graph: graph, steps: steps, memory: .keepAll)
  network.setInput(graph.inputs[0], to: input)
  network.run()
  network.run()  // what a first call leaves behind must not change the second
  let outputs = steps.flatMap(\.info.outputs).filter { $0.value == graph.outputs[0] }
  let operand = try #require(outputs.last, "no step writes the output")
  let amplification = steps.map(\.info.errorAmplification).max() ?? 1
  let tile = steps.map(\.info.errorTile).max() ?? 1
  let norms = ErrorNorms(
    got: network.values(of: operand), want: want.values,
    bound: want.bounds(amplification: amplification, tile: tile))
  if case .nchw = boundary { #expect(operand.layout == .nchw) }
  return .compared(
    maxBoundRatio: try #require(norms.maxBoundRatio), maxAbsError: norms.maxAbsError,
    amplification: amplification)
}
