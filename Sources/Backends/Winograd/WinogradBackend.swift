import Execution
import Networks
import Tensors

/// Backend `winograd`: Winograd convolution for 3×3 and 5×5 filters with stride 1, and for stride 4
/// by way of its phases; all else is handed to `simd` and labelled so.
package struct WinogradBackend: Backend {
  package let name = "winograd"
  package let summary =
    "Winograd convolution in Swift: 3×3 and 5×5, stride 1 or 4 in phases; the rest by simd"
  package let threading = Threading.pool

  package init() {}

  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    return try BlockedPlanner(
      graph: graph, weights: weights, options: options,
      makeConvolution: { context throws(BackendError) in
        try TileChoice(context: context).convolution()?.makeStep(context)
      }, delegate: "simd"
    ).steps()
  }
}
