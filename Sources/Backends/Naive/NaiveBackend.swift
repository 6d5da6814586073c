import Execution
import KernelInterface
import Kernels
import Networks
import Tensors

/// The plain loop nest: each layer as its definition reads, in float32, on one thread.
///
/// What a first, correct version costs; and, with a judge in float64 that shares its form, the
/// easiest of all backends to trust.
public struct NaiveBackend: Backend {
  public let name = "naive"
  public let summary = "plain loop nests, one thread: the definition of each layer"
  public let threading = Threading.single

  public init() {}

  /// Compiled for the baseline whatever instruction set the kernels use.
  public func isa(with kernels: KernelTable) -> String { InstructionSet.baseline.rawValue }

  public func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    try refuseTraining(of: graph, options: options)
    var steps: [any Step] = []
    for index in graph.nodes.indices {
      steps.append(try step(index, in: graph, weights: weights))
    }
    return steps
  }

  private func step(_ index: Int, in graph: Graph, weights: any WeightSource)
    throws(BackendError) -> any Step
  {
    let node = graph.nodes[index]
    let input = graph.inputShape(of: node)
    let output = graph.outputShape(of: node)
    switch node.layer.spec {
    case .convolution(let spec):
      let weights = try weights.required(for: node, in: graph)
      return NaiveStep(index, in: graph, operation: "conv", weights: weights) { x, y in
        naiveConvolution(spec, weights, x, input, y, output)
      }
    case .innerProduct(let spec):
      let weights = try weights.required(for: node, in: graph)
      return NaiveStep(index, in: graph, operation: "fc", weights: weights) { x, y in
        naiveInnerProduct(spec, weights, x, input, y)
      }
    case .pooling(let spec):
      return NaiveStep(index, in: graph, operation: "pool-\(spec.method.rawValue)") { x, y in
        naivePooling(spec, x, input, y, output)
      }
    case .lrn(let spec):
      return NaiveStep(index, in: graph, operation: "lrn") { x, y in naiveLRN(spec, x, input, y) }
    case .relu(let spec):
      return NaiveStep(index, in: graph, operation: "relu", canRunInPlace: true) { x, y in
        naiveReLU(spec, x, input.count, y)
      }
    case .softmax(let spec):
      return NaiveStep(index, in: graph, operation: "softmax") { x, y in
        naiveSoftmax(spec, x, input, y)
      }
    case .softmaxWithLoss, .euclideanLoss, .accuracy, .concat, .eltwise, .flatten, .power,
      .sigmoid, .tanh:
      throw .unsupported(
        layer: node.layer.name, reason: "'\(node.layer.spec.kind)' is not implemented")
    case .dropout:
      return ElidedStep(node: index, in: graph, layout: .nchw)
    }
  }
}

/// One layer: a function from its input to its output, both row-major.
private final class NaiveStep: Step {
  typealias Compute = (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void

  let info: StepInfo
  private let compute: Compute
  private var operands: (UnsafePointer<Float>, UnsafeMutablePointer<Float>)?

  init(
    _ index: Int, in graph: Graph, operation: String, weights: LayerWeights? = nil,
    canRunInPlace: Bool = false, compute: @escaping Compute
  ) {
    var info = StepInfo(
      rowMajor: index, in: graph, implementation: "f32-\(operation)-naive-scalar",
      kernelID: "swift", isa: InstructionSet.baseline.rawValue)
    info.weightByteCount = weights?.byteCount ?? 0
    info.canRunInPlace = canRunInPlace
    self.info = info
    self.compute = compute
  }

  func bind(_ bindings: Bindings) {
    operands = (UnsafePointer(bindings.inputs[0]), bindings.outputs[0])
  }

  func run() {
    guard let operands else { preconditionFailure("\(info.implementation) is not bound") }
    compute(operands.0, operands.1)
  }
}
