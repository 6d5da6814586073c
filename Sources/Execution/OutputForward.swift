import KernelInterface
import Networks
import Tensors

/// A network compiled as it is timed – fused, memory shared – of which one output is wanted.
public struct OutputForward {
  private let compiled: CompiledNetwork
  private let output: Graph.ValueID

  /// - Parameter output: one of the graph's outputs.
  /// - Throws: a layer that the backend refuses, or missing weights.
  public init(
    graph: Graph, output: Graph.ValueID, weights: any WeightSource, backend: any Backend,
    kernels: KernelTable, pool: ThreadPool
  ) throws(BackendError) {
    precondition(graph.outputs.contains(output), "value \(output) is no output")
    let options = CompileOptions(kernels: kernels, pool: pool, boundary: .nchw)
    let steps = try backend.steps(of: graph, weights: weights, options: options)
    compiled = CompiledNetwork(graph: graph, steps: steps, memory: .liveness)
    self.output = output
  }

  /// Gives the inputs, in the order of the graph's, row-major, of their shapes.
  public func setInputs(_ inputs: [Tensor]) {
    precondition(inputs.count == compiled.graph.inputs.count, "an array for each input")
    for (value, tensor) in zip(compiled.graph.inputs, inputs) {
      compiled.setInput(value, to: tensor)
    }
  }

  /// One forward pass; inputs stay for the next one.
  public func run() { compiled.run() }

  /// The output after ``run()``, row-major.
  public var values: [Float] { compiled.values(of: Operand(value: output, layout: .nchw)) }
}
