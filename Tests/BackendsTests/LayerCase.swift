import Execution
import Foundation
import Networks
import Reference
import Synchronization
import Tensors
import Testing

/// One layer with its inputs and weights, and what float64 makes of them.
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
  let inputs: [Shape]
  var topCount = 1
  var data = Data.real

  init(name: String, spec: LayerSpec, input: Shape) {
    self.init(name: name, spec: spec, inputs: [input])
  }

  init(name: String, spec: LayerSpec, inputs: [Shape], topCount: Int = 1) {
    self.name = name
    self.spec = spec
    self.inputs = inputs
    self.topCount = topCount
  }

  var testDescription: String {
    let shapes = inputs.map(\.description).joined(separator: " ")
    return "\(name) \(shapes)\(data == .integers ? " integers" : "")"
  }

  func graph() throws -> Graph {
    let blobs = inputs.indices.map { "in\($0)" }
    let layer = Layer(
      name: name, spec: spec, bottoms: blobs, tops: (0..<topCount).map { "out\($0)" })
    let network = Network(
      name: "case",
      inputs: zip(blobs, inputs).map { Network.Input(blob: $0, shape: $1) }, layers: [layer])
    return try network.graph()
  }

  /// Whether every float32 implementation must give the float64 values themselves.
  var isExact: Bool {
    switch spec {
    case .convolution, .innerProduct: data == .integers
    case .eltwise(let spec): data == .integers || spec.operation == .maximum
    case .concat, .flatten: true
    case .pooling(let spec): spec.method == .max
    case .relu(let spec): spec.negativeSlope == 0
    case .dropout: true
    default: false
    }
  }

  /// One tensor per input.
  func tensors(of graph: Graph) -> [Tensor] {
    inputs.indices.map { position in
      switch data {
      case .real:
        var node = graph.nodes[0]
        node.layerIndex = 1  // reads what a ReLU wrote
        return SeededInput.operand(seed: 7, of: node, position: position, in: graph)
      case .integers:
        let tensor = Tensor(inputs[position])
        CounterGenerator(seed: 7, stream: "\(name).\(position)")
          .fillIntegers(tensor.buffer.elements, limit: 8)
        return tensor
      }
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

/// What came of comparing one compiled layer with the reference, the worst of its outputs.
struct Outcome {
  var maxBoundRatio: Double
  var maxAbsError: Double
  var amplification: Double
}

/// Compiles a graph of one node, runs it twice, and compares its outputs with the reference.
func compare(
  _ candidate: Candidate, _ graph: Graph, inputs: [Tensor], weights: any WeightSource,
  want: [ReferenceResult], threads: Int, boundary: Boundary
) throws -> Outcome {
  let steps = try candidate.backend.compile(
    graph, weights: weights, options: candidate.options(threads: threads, boundary: boundary))
  let network = CompiledNetwork(graph: graph, steps: steps, memory: .keepAll)
  for (value, input) in zip(graph.inputs, inputs) { network.setInput(value, to: input) }
  network.run()
  network.run()  // what a first call leaves behind must not change the second
  var outcome = Outcome(
    maxBoundRatio: 0, maxAbsError: 0,
    amplification: steps.map(\.info.errorAmplification).max() ?? 1)
  let tile = steps.map(\.info.errorTile).max() ?? 1
  #expect(graph.nodes[0].outputs.count == want.count)
  for (value, want) in zip(graph.nodes[0].outputs, want) {
    let outputs = steps.flatMap(\.info.outputs).filter { $0.value == value }
    let operand = try #require(outputs.last, "no step writes the output")
    let norms = ErrorNorms(
      got: network.values(of: operand), want: want.values,
      bound: want.bounds(amplification: outcome.amplification, tile: tile))
    if case .nchw = boundary { #expect(operand.layout == .nchw) }
    let ratio = try #require(norms.maxBoundRatio)
    #expect(!ratio.isNaN, "an output that is no number")
    outcome.maxBoundRatio = max(outcome.maxBoundRatio, ratio)
    outcome.maxAbsError = max(outcome.maxAbsError, norms.maxAbsError)
  }
  return outcome
}
