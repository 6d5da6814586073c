import KernelInterface
import Networks
import Tensors

/// A network compiled so that every blob can be looked at after a forward pass.
public struct BlobForward {
  /// The last value of a blob, as Caffe's `Net::blob_by_name` gives it after a forward pass.
  public struct Blob: Sendable {
    public var name: String
    /// Index into the graph's values.
    public var value: Graph.ValueID
    public var shape: Shape
    /// Row-major.
    public var values: [Float]
  }

  public let graph: Graph
  private let compiled: CompiledNetwork

  /// - Throws: a layer that the backend refuses, or missing weights.
  public init(
    graph: Graph, weights: any WeightSource, backend: any Backend, kernels: KernelTable,
    pool: ThreadPool
  ) throws(BackendError) {
    self.graph = graph
    let options = CompileOptions(
      kernels: kernels, pool: pool, boundary: .nchw, keepsAllBlobs: true)
    let steps = try backend.steps(of: graph, weights: weights, options: options)
    compiled = CompiledNetwork(graph: graph, steps: steps, memory: .keepAll)
  }

  /// What ran: each step's layers and its implementation.
  public var implementations: [(layers: [String], implementation: String)] {
    compiled.steps.map(\.info).filter { !$0.nodes.isEmpty }.map { info in
      (info.nodes.map { graph.nodes[$0].layer.name }, info.implementation)
    }
  }

  /// One forward pass.
  /// - Parameter inputs: in the order of the graph's inputs, row-major, of their shapes.
  /// - Returns: every blob, in the order in which they are first written.
  public func run(_ inputs: [Tensor]) -> [Blob] {
    precondition(inputs.count == graph.inputs.count, "an array for each input")
    for (value, tensor) in zip(graph.inputs, inputs) { compiled.setInput(value, to: tensor) }
    compiled.run()
    var last: [String: Graph.ValueID] = [:]
    var names: [String] = []
    for (id, value) in graph.values.enumerated() {
      if last.updateValue(id, forKey: value.blob) == nil { names.append(value.blob) }
    }
    // Row-major before any other layout of the same value.
    var operands: [Graph.ValueID: Operand] = [:]
    for operand in compiled.steps.flatMap(\.info.outputs)
    where operands[operand.value] == nil || operand.layout == .nchw {
      operands[operand.value] = operand
    }
    return names.compactMap { name in
      guard let id = last[name] else { return nil }
      let shape = graph.values[id].shape
      if let index = graph.inputs.firstIndex(of: id) {
        return Blob(name: name, value: id, shape: shape, values: inputs[index].values)
      }
      guard let operand = operands[id] else {
        preconditionFailure("no step writes blob '\(name)'")
      }
      return Blob(name: name, value: id, shape: shape, values: compiled.values(of: operand))
    }
  }
}
