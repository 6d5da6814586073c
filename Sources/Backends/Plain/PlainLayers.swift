import Execution
import Kernels
import Networks
import Tensors

/// The step of a layer that is neither convolution nor inner product, row-major; nil for those.
///
/// Flattening takes no work: the values of a row-major blob stay where they are.
func plainStep(_ index: Int, in graph: Graph, pool: ThreadPool) -> (any Step)? {
  switch graph.nodes[index].layer.spec {
  case .relu(let spec): plainReLU(spec, index, in: graph, pool: pool)
  case .pooling(let spec) where graph.nodes[index].outputs.count == 2:
    plainMaskedPooling(spec, index, in: graph, pool: pool)
  case .pooling(let spec): plainPooling(spec, index, in: graph, pool: pool)
  case .lrn(let spec): plainLRN(spec, index, in: graph, pool: pool)
  case .softmax(let spec): plainSoftmax(spec, index, in: graph, pool: pool)
  case .softmaxWithLoss(let spec): plainSoftmaxWithLoss(spec, index, in: graph, pool: pool)
  case .euclideanLoss: plainEuclideanLoss(index, in: graph, pool: pool)
  case .accuracy(let spec): plainAccuracy(spec, index, in: graph, pool: pool)
  case .concat(let spec): plainConcat(spec, index, in: graph, layout: .nchw, pool: pool)
  case .eltwise(let spec): plainEltwise(spec, index, in: graph, layout: .nchw, pool: pool)
  case .power(let spec): plainPower(spec, index, in: graph, pool: pool)
  case .sigmoid: plainSigmoid(index, in: graph, pool: pool)
  case .tanh: plainTanh(index, in: graph, pool: pool)
  case .dropout, .flatten: ElidedStep(node: index, in: graph, layout: .nchw)
  case .convolution, .innerProduct: nil
  }
}

/// The steps of a backend over row-major blobs that has its own convolution and inner product, each
/// called with the layer, its index in the graph and its weights; all else is plain.
/// - Parameter backward: makes the step of a node that goes backward, from its index.
func rowMajorSteps(
  of graph: Graph, weights: any WeightSource, pool: ThreadPool,
  convolution: (ConvolutionSpec, Int, LayerWeights) -> any Step,
  innerProduct: (InnerProductSpec, Int, LayerWeights) throws(BackendError) -> any Step,
  backward: ((Int) throws(BackendError) -> any Step)? = nil
) throws(BackendError) -> [any Step] {
  var steps: [any Step] = []
  for (index, node) in graph.nodes.enumerated() {
    if node.direction != .forward, let backward {
      steps.append(try backward(index))
      continue
    }
    switch node.layer.spec {
    case .convolution(let spec):
      steps.append(convolution(spec, index, try weights.required(for: node, in: graph)))
    case .innerProduct(let spec):
      steps.append(try innerProduct(spec, index, try weights.required(for: node, in: graph)))
    default:
      if let step = plainStep(index, in: graph, pool: pool) { steps.append(step) }
    }
  }
  return steps
}

extension StepInfo {
  /// A plain step: `f32-<operation>-baseline`.
  /// - Parameter layout: of all operands, for a layer that does not care.
  init(plain operation: String, _ index: Int, in graph: Graph, layout: Layout = .nchw) {
    self.init(
      nodes: [index], in: graph, from: layout, to: layout,
      implementation: "f32-\(operation)-baseline", kernelID: "swift",
      isa: InstructionSet.baseline.rawValue)
  }
}

extension StepInfo {
  /// A step that covers one node and reads and writes row-major blobs.
  init(
    rowMajor index: Int, in graph: Graph, implementation: String, kernelID: String, isa: String
  ) {
    self.init(
      nodes: [index], in: graph, from: .nchw, to: .nchw, implementation: implementation,
      kernelID: kernelID, isa: isa)
  }
}

extension LayerWeights {
  /// Bytes of weight and bias.
  var byteCount: Int { weight.buffer.byteCount + (bias?.buffer.byteCount ?? 0) }
}
