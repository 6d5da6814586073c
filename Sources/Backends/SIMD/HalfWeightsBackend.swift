import Execution
import Networks

/// Backend `simd-w16`: fully connected layers whose weights have 16 bits, in float32 otherwise; the
/// convolutions are those of `winograd` and all else is that of `simd`, both labelled so.
///
/// For one image a fully connected layer takes as long as its weights take to arrive from memory; these
/// take half the time. It is no rival of a float32 backend: its rows have a precision of their own.
package struct HalfWeightsBackend: Backend {
  package let name = "simd-w16"
  package let summary =
    "fully connected layers with 16-bit weights, half the bytes; convolutions by winograd"
  package let threading = Threading.pool
  package let precision = Precision.halfWeights
  private let winograd = WinogradBackend()

  package init() {}

  package func memoryNeed(of graph: Graph) -> MemoryNeed {
    var need = winograd.memoryNeed(of: graph)
    need.weights -= graph.nodes.reduce(0) { sum, node in
      guard case .innerProduct = node.layer.spec else { return sum }
      return sum + graph.cost(of: node).weightBytes / 2
    }
    return need
  }

  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    return try BlockedPlanner(
      graph: graph, weights: weights, options: options,
      makeConvolution: { [name = winograd.name] context throws(BackendError) in
        let step = try TileChoice(context: context).convolution()?.makeStep(context)
        step?.info.delegatedTo = name
        return step
      }, delegate: "simd", precision: precision
    ).steps()
  }
}
