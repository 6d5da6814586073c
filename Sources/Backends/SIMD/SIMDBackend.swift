import Execution
import Networks
import Tensors

/// Backend `simd`: our own vector kernels, convolutions directly.
public struct SIMDBackend: Backend {
  public let name = "simd"
  public let summary = "vector kernels in Swift: blocked layout, direct convolution, packed weights"
  public let threading = Threading.pool

  public init() {}

  public func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    try refuseTraining(of: graph, options: options)
    return try BlockedPlanner(
      graph: graph, weights: weights, options: options,
      makeConvolution: { _ in nil }, delegate: nil
    ).steps()
  }
}
