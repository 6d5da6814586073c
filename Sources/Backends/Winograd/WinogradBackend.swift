import Execution
import KernelInterface
import Networks
import Tensors

/// Backend `winograd`: Winograd convolution for 3×3 and 5×5 filters with stride 1, and for stride 4
/// by way of its phases; all else is handed to `simd` and labelled so.
package struct WinogradBackend: Backend {
  package let name = "winograd"
  package let summary =
    "Winograd convolution in Swift: 3×3 and 5×5, stride 1 or 4 in phases; the rest by simd"
  package let threading = Threading.pool
  package let directions: Set<Direction> = [.forward, .backwardData]

  /// An output tile that layers often get.
  private static let usualTile = 4

  package init() {}

  package func memoryNeed(of graph: Graph) -> MemoryNeed {
    var need = MemoryNeed(of: graph)
    need.weights += graph.nodes.reduce(0) { sum, node in
      guard case .convolution(let spec) = node.layer.spec,
        WinogradConvolution.tileSizes(for: spec).contains(Self.usualTile)
      else { return sum }
      // Filters of r × r become those of (m + r − 1) × (m + r − 1).
      let side = Double(Self.usualTile + spec.kernel.h - 1) / Double(spec.kernel.h)
      return sum + Int(Double(graph.cost(of: node).weightBytes) * (side * side - 1))
    }
    need.measuresChoices = true
    return need
  }

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

/// Chooses the output tile of a Winograd convolution: the one asked for, the one that a plan names,
/// or the fastest of those that there are, by measuring.
///
/// Larger tiles multiply less but have larger weights, which at small batches have to arrive from
/// memory while the multiplications run: what wins depends on layer, batch, threads and host.
struct TileChoice {
  let context: BlockedPlanner.ConvolutionContext

  /// What a layer that is left to the direct kernels has instead of a tile.
  static let direct = "direct"
  /// Longest that the candidates of one layer are timed.
  private static let budgetNanoseconds: Int64 = 250_000_000
  private static let roundCount = 2...12

  /// - Returns: nil when the method does not apply, or the direct kernels win.
  /// - Throws: a tile that was asked for but does not exist for this filter.
  func convolution() throws(BackendError) -> WinogradConvolution? {
    let sizes = WinogradConvolution.tileSizes(for: context.spec)
    let candidates = sizes.flatMap { size in
      WinogradConvolution.Division.allCases.compactMap { makeConvolution(size, $0) }
    }
    guard !candidates.isEmpty else { return nil }
    let layer = context.node.layer.name
    if let asked = context.options.tiles?.tile(of: layer) {
      return try convolution(of: asked, among: candidates)
    }
    guard let plan = context.options.tiles else {
      return candidates.min { $0.multiplyAdds < $1.multiplyAdds }
    }
    let best = plan.choose(measure(candidates, plan), for: layer)
    return candidates.first { $0.tileName == best }
  }

  private func convolution(
    of tile: String, among candidates: [WinogradConvolution]
  ) throws(BackendError) -> WinogradConvolution? {
    if tile == Self.direct { return nil }
    if let found = candidates.first(where: { $0.tileName == tile }) { return found }
    let known = candidates.map(\.tileName) + [Self.direct]
    throw .unsupported(
      layer: context.node.layer.name,
      reason: "no Winograd tile '\(tile)' for this filter; there is "
        + known.joined(separator: ", "))
  }

  private func makeConvolution(
    _ size: Int, _ division: WinogradConvolution.Division
  ) -> WinogradConvolution? {
    WinogradConvolution(
      spec: context.spec, input: context.input, output: context.output, tileOutputs: size,
      division: division, kernels: context.options.kernels, pool: context.options.pool)
  }

  private func makeStep(_ convolution: WinogradConvolution?) -> KernelStep {
    if let convolution { return convolution.makeStep(context) }
    return context.directStep()
  }

  /// The fastest call of each candidate, taking turns. In a net the direct kernels are one too;
  /// alone they would be another backend's row.
  private func measure(
    _ candidates: [WinogradConvolution], _ plan: TilePlan
  ) -> [(tile: String, nanoseconds: Int)] {
    let isNet = context.options.boundary == .nchw
    let all: [WinogradConvolution?] = candidates + (isNet ? [nil] : [])
    if all.count == 1, let only = all[0] { return [(only.tileName, 0)] }
    let trial = StepTrial(
      all.map { [makeStep($0)] },
      evicting: context.options.expectsColdWeights ? plan.evictionMemory : nil,
      pool: context.options.pool
    ) { $0.value == context.outputValue ? context.output : context.input }
    let best = trial.fastest(
      rounds: Self.roundCount, budgetNanoseconds: Self.budgetNanoseconds)
    return zip(all, best).map { ($0?.tileName ?? Self.direct, $1) }
  }
}
