import Execution
import Networks
import Tensors

/// Backend `simd`: our own vector kernels, convolutions directly.
package struct SIMDBackend: Backend {
  package let name = "simd"
  package let summary =
    "vector kernels in Swift: blocked layout, direct convolution, packed weights"
  package let threading = Threading.pool
  package let directions: Set<Direction> = [.forward, .backwardData]

  package init() {}

  package func memoryNeed(of graph: Graph) -> MemoryNeed {
    var need = MemoryNeed(of: graph)
    need.measuresChoices = WeightStreams.areChosen(in: graph)
    return need
  }

  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    return try BlockedPlanner(
      graph: graph, weights: weights, options: options,
      makeConvolution: { _ in nil }, delegate: nil
    ).steps()
  }
}
