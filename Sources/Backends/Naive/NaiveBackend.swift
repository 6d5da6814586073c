import Execution
import KernelInterface
import Kernels
import Networks
import Tensors

/// The plain loop nest: each layer as its definition reads, in float32, on one thread.
///
/// What a first, correct version costs; and, with a judge in float64 that shares its form, the
/// easiest of all backends to trust.
package struct NaiveBackend: Backend {
  package let name = "naive"
  package let summary = "plain loop nests, one thread: the definition of each layer"
  package let threading = Threading.single

  package init() {}

  /// Compiled for the baseline whatever instruction set the kernels use.
  package func isa(with kernels: KernelTable) -> String { InstructionSet.baseline.rawValue }

  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
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
    case .pooling(let spec) where node.outputs.count == 2:
      return NaiveStep(index, in: graph, operation: "pool-max-mask") { x, y in
        naiveMaskedPooling(spec, x[0], input, y[0], mask: y[1], output)
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
    case .softmaxWithLoss(let spec):
      let axis = AxisSplit(input, axis: spec.axis)
      return NaiveStep(index, in: graph, operation: "softmax-loss") { x, y in
        naiveSoftmaxWithLoss(
          spec, x[0], axis, labels: x[1], y[0], softmax: y.count > 1 ? y[1] : nil)
      }
    case .euclideanLoss:
      return NaiveStep(index, in: graph, operation: "euclidean-loss") { x, y in
        naiveEuclideanLoss(x[0], x[1], input, y[0])
      }
    case .accuracy(let spec):
      let axis = AxisSplit(input, axis: spec.axis)
      return NaiveStep(index, in: graph, operation: "accuracy") { x, y in
        naiveAccuracy(spec, x[0], axis, labels: x[1], y[0], ofClass: y.count > 1 ? y[1] : nil)
      }
    case .concat(let spec):
      let shapes = node.inputs.map { graph.values[$0].shape }
      return NaiveStep(index, in: graph, operation: "concat") { x, y in
        naiveConcat(spec, x, shapes, y[0], output)
      }
    case .eltwise(let spec):
      return NaiveStep(index, in: graph, operation: "eltwise-\(spec.operation.rawValue)") { x, y in
        naiveEltwise(spec, x, input.count, y[0])
      }
    case .power(let spec):
      return NaiveStep(index, in: graph, operation: "power", canRunInPlace: true) { x, y in
        naivePower(spec, x, input.count, y)
      }
    case .sigmoid:
      return NaiveStep(index, in: graph, operation: "sigmoid", canRunInPlace: true) { x, y in
        naiveSigmoid(x, input.count, y)
      }
    case .tanh:
      return NaiveStep(index, in: graph, operation: "tanh", canRunInPlace: true) { x, y in
        naiveTanh(x, input.count, y)
      }
    case .dropout, .flatten:
      return ElidedStep(node: index, in: graph, layout: .nchw)
    }
  }
}

/// One layer: a function from its inputs to its outputs, all row-major.
private final class NaiveStep: Step {
  typealias Compute = ([UnsafePointer<Float>], [UnsafeMutablePointer<Float>]) -> Void

  let info: StepInfo
  private let compute: Compute
  private var operands: ([UnsafePointer<Float>], [UnsafeMutablePointer<Float>])?

  /// A layer with one input and one output.
  convenience init(
    _ index: Int, in graph: Graph, operation: String, weights: LayerWeights? = nil,
    canRunInPlace: Bool = false,
    compute: @escaping (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    self.init(
      index, in: graph, operation: operation, weights: weights, canRunInPlace: canRunInPlace
    ) { (x: [UnsafePointer<Float>], y: [UnsafeMutablePointer<Float>]) in
      compute(x[0], y[0])
    }
  }

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
    operands = (bindings.inputs.map { UnsafePointer($0) }, bindings.outputs)
  }

  func run() {
    guard let operands else { preconditionFailure("\(info.implementation) is not bound") }
    compute(operands.0, operands.1)
  }
}
