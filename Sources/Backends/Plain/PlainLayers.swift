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
  case .convolution, .innerProduct: nil
  }
}

extension StepInfo {
  /// A plain step: `f32-<operation>-baseline`.
  init(plain operation: String, _ index: Int, in graph: Graph) {
    self.init(
      rowMajor: index, in: graph, implementation: "f32-\(operation)-baseline", kernelID: "swift",
      isa: InstructionSet.baseline.rawValue)
  }
}
