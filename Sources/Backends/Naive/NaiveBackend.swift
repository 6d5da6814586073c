import Execution
import KernelInterface
import Kernels
import NaiveLayers
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
  package let directions: Set<Direction> = [.forward, .backwardData, .backwardWeights]

  package init() {}

  /// Compiled for the baseline whatever instruction set the kernels use.
  package func isa(with kernels: KernelTable) -> String { InstructionSet.baseline.rawValue }

  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    var steps: [any Step] = []
    for index in graph.nodes.indices {
      steps.append(
        graph.nodes[index].direction == .forward
          ? try step(index, in: graph, weights: weights)
          : try backwardStep(index, in: graph, weights: weights))
    }
    return steps
  }

  private func step(_ index: Int, in graph: Graph, weights: any WeightSource)
    throws(BackendError) -> any Step
  {
    let node = graph.nodes[index]
    let shape = graph.inputShape(of: node)
    let (input, output) = (ImageAxes(shape), ImageAxes(graph.outputShape(of: node)))
    let count = shape.count
    switch node.layer.spec {
    case .convolution(let spec):
      let weights = try weights.required(for: node, in: graph)
      return NaiveStep(index, in: graph, operation: "conv", weights: weights) { x, y in
        naiveConvolution(spec, weights, x, input, y, output)
      }
    case .innerProduct(let spec):
      let weights = try weights.required(for: node, in: graph)
      return NaiveStep(index, in: graph, operation: "fc", weights: weights) { x, y in
        naiveInnerProduct(spec, weights, x, count, y)
      }
    case .pooling(let spec):
      let window = spec.window(over: shape)
      if node.outputs.count == 2 {
        return NaiveStep(index, in: graph, operation: "pool-max-mask") { x, y in
          naiveMaskedPooling(window, x[0], input, y[0], mask: y[1], output)
        }
      }
      let pooling = spec.method == .max ? naiveMaximumPooling : naiveAveragePooling
      return NaiveStep(index, in: graph, operation: "pool-\(spec.method.rawValue)") { x, y in
        pooling(window, x, input, y, output)
      }
    case .lrn(let spec):
      let normalize = spec.region == .acrossChannels ? naiveLRNAcross : naiveLRNWithin
      return NaiveStep(index, in: graph, operation: "lrn") { x, y in normalize(spec, x, input, y) }
    case .relu(let spec):
      return NaiveStep(index, in: graph, operation: "relu", canRunInPlace: true) { x, y in
        naiveReLU(spec, x, count, y)
      }
    case .softmax(let spec):
      let axis = AxisSplit(shape, axis: spec.axis)
      return NaiveStep(index, in: graph, operation: "softmax") { x, y in
        naiveSoftmax(x, axis, y)
      }
    case .softmaxWithLoss(let spec):
      let axis = AxisSplit(shape, axis: spec.axis)
      return NaiveStep(index, in: graph, operation: "softmax-loss") { x, y in
        naiveSoftmaxWithLoss(
          spec, x[0], axis, labels: x[1], y[0], softmax: y.count > 1 ? y[1] : nil)
      }
    case .euclideanLoss:
      return NaiveStep(index, in: graph, operation: "euclidean-loss") { x, y in
        naiveEuclideanLoss(x[0], x[1], count, images: input.n, y[0])
      }
    case .accuracy(let spec):
      let axis = AxisSplit(shape, axis: spec.axis)
      return NaiveStep(index, in: graph, operation: "accuracy") { x, y in
        naiveAccuracy(spec, x[0], axis, labels: x[1], y[0], ofClass: y.count > 1 ? y[1] : nil)
      }
    case .concat(let spec):
      let counts = node.inputs.map { id in
        let shape = graph.values[id].shape
        return shape.count(of: spec.axis..<shape.rank)
      }
      let outer = shape.count(of: 0..<spec.axis)
      return NaiveStep(index, in: graph, operation: "concat") { x, y in
        naiveConcat(outer, x, counts, y[0])
      }
    case .eltwise(let spec):
      return NaiveStep(index, in: graph, operation: "eltwise-\(spec.operation.rawValue)") { x, y in
        naiveEltwise(spec, x, count, y[0])
      }
    case .power(let spec):
      return NaiveStep(index, in: graph, operation: "power", canRunInPlace: true) { x, y in
        naivePower(spec, x, count, y)
      }
    case .sigmoid:
      return NaiveStep(index, in: graph, operation: "sigmoid", canRunInPlace: true) { x, y in
        naiveSigmoid(x, count, y)
      }
    case .tanh:
      return NaiveStep(index, in: graph, operation: "tanh", canRunInPlace: true) { x, y in
        naiveTanh(x, count, y)
      }
    case .dropout, .flatten:
      return ElidedStep(node: index, in: graph, layout: .nchw)
    }
  }
}

extension NaiveBackend {
  /// The step of a backward node of another backend, labelled so.
  func delegated(_ index: Int, in graph: Graph, weights: any WeightSource)
    throws(BackendError) -> any Step
  {
    let step = try backwardStep(index, in: graph, weights: weights)
    return step.info.isElided ? step : DelegatedStep(step, to: name)
  }

  private func backwardStep(_ index: Int, in graph: Graph, weights: any WeightSource)
    throws(BackendError) -> any Step
  {
    let node = graph.nodes[index]
    guard let forward = node.forward else { preconditionFailure("no backward node") }
    let shape = forward.bottoms[0]
    let (input, output) = (ImageAxes(shape), ImageAxes(forward.tops[0]))
    let count = shape.count
    let isData = node.direction == .backwardData
    let operation = node.layer.spec.kind.rawValue + (isData ? "-data" : "-weights")
    let layerWeights =
      node.direction == .backwardData && graph.weightShapes(of: node) != nil
      ? try weights.required(for: node, in: graph) : nil
    /// - Parameter compute: gets the gradient of the top, which a loss has none of, all operands told
    ///   apart, and the outputs.
    func step(
      _ compute:
        @escaping (
          UnsafePointer<Float>, BackwardOperands<UnsafePointer<Float>>,
          [UnsafeMutablePointer<Float>]
        ) -> Void
    ) -> any Step {
      NaiveStep(index, in: graph, operation: operation, weights: layerWeights) { x, y in
        let operands = node.backwardOperands(x)
        compute(operands.top ?? x[0], operands, y)
      }
    }
    switch node.layer.spec {
    case .convolution(let spec):
      if let layerWeights {
        return step { dy, x, y in naiveConvolutionData(spec, layerWeights, dy, output, y[0], input)
        }
      }
      return step { dy, x, y in
        naiveConvolutionWeights(
          spec, dy, output, x.bottoms[0], input, y[0], y.count > 1 ? y[1] : nil)
      }
    case .innerProduct(let spec):
      let items = shape.count(of: 0..<spec.axis)
      if let layerWeights {
        return step { dy, x, y in naiveInnerProductData(spec, layerWeights, dy, items: items, y[0])
        }
      }
      return step { dy, x, y in
        naiveInnerProductWeights(
          spec, dy, x.bottoms[0], items: items, count: count / items, y[0],
          y.count > 1 ? y[1] : nil)
      }
    case .pooling(let spec):
      let window = spec.window(over: shape)
      if spec.method == .max {
        return step { dy, x, y in
          naiveMaximumPoolingData(window, dy, output, x.bottoms[0], input, y[0])
        }
      }
      return step { dy, x, y in naiveAveragePoolingData(window, dy, output, input, y[0]) }
    case .lrn(let spec):
      let scratch = AlignedBuffer(count: 2 * count)
      return step { dy, x, y in
        naiveLRNData(spec, dy, x.bottoms[0], input, y[0], scratch: scratch.pointer)
      }
    case .relu(let spec):
      return step { dy, x, y in naiveReLUData(spec, dy, (x.tops + x.bottoms)[0], count, y[0]) }
    case .sigmoid: return step { dy, x, y in naiveSigmoidData(dy, x.tops[0], count, y[0]) }
    case .tanh: return step { dy, x, y in naiveTanhData(dy, x.tops[0], count, y[0]) }
    case .power(let spec):
      return step { dy, x, y in naivePowerData(spec, dy, x.bottoms.first, count, y[0]) }
    case .softmax(let spec):
      let axis = AxisSplit(shape, axis: spec.axis)
      return step { dy, x, y in naiveSoftmaxData(dy, x.tops[0], axis, y[0]) }
    case .softmaxWithLoss(let spec):
      let axis = AxisSplit(shape, axis: spec.axis)
      return step { _, x, y in
        naiveSoftmaxWithLossData(spec, x.bottoms[0], axis, labels: x.bottoms[1], y[0])
      }
    case .euclideanLoss(let spec):
      return step { _, x, y in
        for (position, target) in forward.targets.enumerated() {
          naiveEuclideanLossData(
            spec, x.bottoms[0], x.bottoms[1], count, images: shape.n, of: target, y[position])
        }
      }
    case .concat(let spec):
      let counts = forward.bottoms.map { $0.count(of: spec.axis..<$0.rank) }
      let outer = shape.count(of: 0..<spec.axis)
      return step { dy, x, y in
        for (position, target) in forward.targets.enumerated() {
          let first = counts[..<target].reduce(0, +)
          naiveConcatData(
            dy, outer, row: counts.reduce(0, +), part: first..<first + counts[target],
            y[position])
        }
      }
    case .eltwise(let spec):
      return step { dy, x, y in
        for (position, target) in forward.targets.enumerated() {
          naiveEltwiseData(spec, dy, x.bottoms, of: target, count, y[position])
        }
      }
    case .dropout, .flatten: return ElidedStep(node: index, in: graph, layout: .nchw)
    case .accuracy: preconditionFailure("an accuracy has no gradient")
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
