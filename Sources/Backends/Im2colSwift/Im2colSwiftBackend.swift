import Execution
import Networks
import Tensors

/// Backend `im2col-swift`: what the BLAS backends do, with our own GEMM in the library's place, so
/// that one sees how much of their time is the library's and how much im2col's; fully connected
/// layers by the kernels of `simd`, over row-major blobs.
package struct Im2colSwiftBackend: Backend {
  package let name = "im2col-swift"
  package let summary = "im2col and our own GEMM in Swift; fully connected layers by simd"
  package let threading = Threading.pool

  package init() {}

  package func memoryNeed(of graph: Graph) -> MemoryNeed {
    var need = MemoryNeed(of: graph)
    need.workspace = Unfolding.largestByteCount(in: graph)
    need.measuresChoices = WeightStreams.areChosen(in: graph)
    return need
  }

  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    return try rowMajorSteps(of: graph, weights: weights, pool: options.pool) {
      spec, index, weights in
      PanelConvolution(spec, index, in: graph, weights: weights, options: options)
    } innerProduct: { spec, index, weights throws(BackendError) in
      try Self.innerProduct(spec, index, in: graph, weights: weights, options: options)
    }
  }

  /// The kernels of `simd`, which know one batch axis: axes before the product's count as images.
  private static func innerProduct(
    _ spec: InnerProductSpec, _ index: Int, in graph: Graph, weights: LayerWeights,
    options: CompileOptions
  ) throws(BackendError) -> any Step {
    let node = graph.nodes[index]
    let features = weights.weight.shape.countPerImage
    let items = graph.inputShape(of: node).count / features
    let step = try FullyConnected(
      spec: spec, input: Shape([items, features]), layout: .nchw, kernels: options.kernels
    ).makeStep([index], in: graph, weights: weights, floor: -.infinity, options: options)
    step.info.delegatedTo = "simd"
    return step
  }
}
