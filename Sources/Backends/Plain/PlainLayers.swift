import Execution
import Kernels
import Networks
import Tensors

/// The step of a layer that is neither convolution nor inner product, row-major; nil for those.
func plainStep(_ index: Int, in graph: Graph, pool: ThreadPool) -> (any Step)? {
  switch graph.nodes[index].layer.spec {
  case .relu(let spec): plainReLU(spec, index, in: graph, pool: pool)
  case .pooling(let spec): plainPooling(spec, index, in: graph, pool: pool)
  case .lrn(let spec): plainLRN(spec, index, in: graph, pool: pool)
  case .softmax(let spec): plainSoftmax(spec, index, in: graph, pool: pool)
  case .dropout: ElidedStep(node: index, in: graph, layout: .nchw)
  default: nil
  }
}

/// The steps of a backend over row-major blobs that has its own convolution and inner product, each
/// called with the layer, its index in the graph and its weights; all else is plain.
func rowMajorSteps(
  of graph: Graph, weights: any WeightSource, pool: ThreadPool,
  convolution: (ConvolutionSpec, Int, LayerWeights) -> any Step,
  innerProduct: (InnerProductSpec, Int, LayerWeights) -> any Step
) throws(BackendError) -> [any Step] {
  var steps: [any Step] = []
  for (index, node) in graph.nodes.enumerated() {
    switch node.layer.spec {
    case .convolution(let spec):
      steps.append(convolution(spec, index, try weights.required(for: node, in: graph)))
    case .innerProduct(let spec):
      steps.append(innerProduct(spec, index, try weights.required(for: node, in: graph)))
    default:
      guard let step = plainStep(index, in: graph, pool: pool) else {
        throw .unsupported(
          layer: node.layer.name, reason: "'\(node.layer.spec.kind)' is not implemented")
      }
      steps.append(step)
    }
  }
  return steps
}

extension StepInfo {
  /// A plain step: `f32-<operation>-baseline`.
  init(plain operation: String, _ index: Int, in graph: Graph) {
    self.init(
      rowMajor: index, in: graph, implementation: "f32-\(operation)-baseline", kernelID: "swift",
      isa: InstructionSet.baseline.rawValue)
  }
}
