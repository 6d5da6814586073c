import Execution
import Networks
import Tensors

/// Backend `winograd`: Winograd convolution for 3×3 and 5×5 filters with stride 1, and for stride 4
/// by way of its phases; all else is handed to `simd` and labelled so.
public struct WinogradBackend: Backend {
  public let name = "winograd"
  public let summary =
    "Winograd convolution in Swift: 3×3 and 5×5, stride 1 or 4 in phases; the rest by simd"
  public let threading = Threading.pool

  public init() {}

  public func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    try refuseTraining(of: graph, options: options)
    return try BlockedPlanner(
      graph: graph, weights: weights, options: options,
      makeConvolution: { context in Self.makeConvolution(context) }, delegate: "simd"
    ).steps()
  }

  private static func makeConvolution(_ context: BlockedPlanner.ConvolutionContext) -> KernelStep? {
    let convolution = WinogradConvolution(
      spec: context.spec, input: context.input, output: context.output,
      tileOutputs: tileOutputs(for: context), kernels: context.options.kernels,
      pool: context.options.pool)
    return convolution?.makeStep(
      node: context.node, nodes: context.nodes, outputValue: context.outputValue,
      weights: context.weights, floor: context.floor)
  }

  /// The output tile with the fewest products, edges counted, among those that kernels exist for.
  private static func tileOutputs(for context: BlockedPlanner.ConvolutionContext) -> Int {
    let taps = WinogradConvolution.taps(of: context.spec)
    let candidates = (2...6).filter { WinogradTransform(outputs: $0, taps: taps) != nil }
    func products(_ m: Int) -> Int {
      let tiles = { (size: Int) in roundUp(size, to: m) / m }
      return tiles(context.output.h) * tiles(context.output.w) * (m + taps - 1) * (m + taps - 1)
    }
    return candidates.min { products($0) < products($1) } ?? 2
  }
}
