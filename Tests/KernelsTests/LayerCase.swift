import Backends
import Execution
import Foundation
import Kernels
import Networks
import Reference
import Tensors

/// The instruction sets under test: all usable ones, or the one that `ALEXBENCH_ISA` names.
var instructionSetsUnderTest: [InstructionSet] {
  guard let name = ProcessInfo.processInfo.environment["ALEXBENCH_ISA"],
    let wanted = InstructionSet(rawValue: name)
  else { return InstructionSet.usable }
  return InstructionSet.usable.filter { $0 == wanted }
}

/// One layer on one input, to be run by a backend and judged by the float64 reference.
struct LayerCase: CustomStringConvertible, Sendable {
  var spec: LayerSpec
  var input: Shape
  /// Small whole numbers instead of random ones: direct methods must then be exact.
  var usesIntegers = false
  /// Weights and biases are multiplied with two to this power.
  var weightExponent = 0

  var description: String { "\(spec) on \(input)" }

  /// What a backend did with the case.
  struct Outcome {
    var implementation: String
    var delegatedTo: String?
    var norms: ErrorNorms
  }

  /// Compiles, runs and judges.
  func run(
    _ backend: any Backend, isa: InstructionSet, threads: Int = 1, boundary: Boundary = .native,
    tiles: TilePlan? = nil
  ) throws -> Outcome {
    let layer = Layer(name: "layer", spec: spec, bottoms: ["bottom"], tops: ["top"])
    let network = Network(
      name: "case", inputs: [.init(blob: "bottom", shape: input)], layers: [layer])
    let graph = try network.graph()
    let node = graph.nodes[0]
    let weights = CaseWeights(usesIntegers: usesIntegers, exponent: weightExponent)
    let bottom = Tensor(input)
    let generator = CounterGenerator(seed: 7, stream: "bottom")
    if usesIntegers {
      generator.fillIntegers(bottom.buffer.elements, limit: 4)
    } else {
      generator.fill(bottom.buffer.elements, amplitude: 1)
    }
    let options = try CompileOptions(
      kernels: isa.kernels, pool: ThreadPool(threadCount: threads), boundary: boundary,
      tiles: tiles)
    let steps = try backend.compile(graph, weights: weights, options: options)
    let compiled = CompiledNetwork(graph: graph, steps: steps, memory: .keepAll)
    // Whatever a kernel leaves untouched must show.
    for operand in steps.flatMap(\.info.outputs) {
      let count = operand.layout.elementCount(of: graph.values[operand.value].shape)
      compiled.pointer(operand).update(repeating: .nan, count: count)
    }
    compiled.setInput(0, to: bottom)
    compiled.run()
    let output = steps.last.flatMap { $0.info.outputs.first }!
    let want = Reference.forward(
      node, in: graph, inputs: [bottom.values], weights: try weights.weights(of: node, in: graph))
    let info = steps.first { $0.info.kind != .reorder }!.info
    let norms = ErrorNorms(
      got: compiled.values(of: output), want: want.values,
      bound: want.bounds(amplification: info.errorAmplification, tile: info.errorTile))
    return Outcome(
      implementation: info.implementation, delegatedTo: info.delegatedTo, norms: norms)
  }
}

/// Seeded weights, or small whole numbers.
private struct CaseWeights: WeightSource {
  let usesIntegers: Bool
  let exponent: Int

  func weights(of node: Graph.Node, in graph: Graph) throws(NetworkError) -> LayerWeights? {
    guard let weights = try SeededWeights(seed: 3).weights(of: node, in: graph) else { return nil }
    if usesIntegers {
      CounterGenerator(seed: 3, stream: "weight").fillIntegers(
        weights.weight.buffer.elements, limit: 3)
      if let bias = weights.bias {
        CounterGenerator(seed: 3, stream: "bias").fillIntegers(bias.buffer.elements, limit: 5)
      }
    }
    let factor = Float(sign: .plus, exponent: exponent, significand: 1)
    for tensor in [weights.weight] + (weights.bias.map { [$0] } ?? []) {
      for index in 0..<tensor.buffer.count { tensor.pointer[index] *= factor }
    }
    return weights
  }
}
