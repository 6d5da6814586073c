import Execution
import KernelInterface
import Networks
import Tensors

/// Winograd convolution F(m×m, r×r) as a step: two launches per block of tiles, the input
/// transform, then products and output transform together. A stride of 4 becomes one of 1 by way
/// of its phases, which a launch before those two makes.
struct WinogradConvolution {
  /// How several threads share the work.
  enum Division: String, CaseIterable {
    /// All transform the input, then each makes some of the output channels: a weight is read by
    /// one thread only, a transformed tile by all.
    case channels
    /// Each makes all channels of some tiles, from its own transformed input: nothing that a thread
    /// has just written is read by another, but all read all weights.
    case tiles
    /// Each makes the products of some frequencies for many tiles at a time, whose sums wait for the
    /// last frequency: weights are read once for all of these tiles, but sums pass through memory.
    case frequencies
  }

  /// The convolution with stride 1.
  let spec: ConvolutionSpec
  let input: Shape
  let output: Shape
  /// Where the convolution asked for has stride 4.
  private let phases: StridePhases?
  let tiling: WinogradTiling
  let kernels: KernelTable
  let pool: ThreadPool
  let division: Division

  /// - Returns: nil when the method does not apply: it needs a square filter with stride 1 or 4
  ///   and whole channel blocks per group; to be divided by tiles it needs several threads and
  ///   a few tiles for each, by frequencies many tiles.
  init?(
    spec: ConvolutionSpec, input: Shape, output: Shape, tileOutputs: Int,
    division: Division = .channels, kernels: KernelTable, pool: ThreadPool
  ) {
    phases = StridePhases(spec: spec, input: input, output: output)
    self.spec = phases?.phasedSpec ?? spec
    self.input = phases?.phasedInput ?? input
    self.output = output
    guard Self.applies(to: self.spec, channels: self.input.c),
      let transform = WinogradTransform(outputs: tileOutputs, taps: self.spec.kernel.h)
    else { return nil }
    tiling = WinogradTiling(transform, output: output)
    self.kernels = kernels
    self.pool = pool
    self.division = division
    switch division {
    case .channels: break
    case .tiles:
      if pool.threadCount == 1 || tiling.count < pool.threadCount * Self.leastTiles { return nil }
    case .frequencies:
      if tiling.count < Self.leastRegisterTiles * Int(kernels.pixel_tile) { return nil }
    }
  }

  /// Of a thread with tiles of its own: fewer leave the multipliers waiting for their own results.
  private static let leastTiles = 4
  /// Tiles for products frequency by frequency, in register tiles: with fewer, all products are in one
  /// block in any case, which reads all weights once.
  private static let leastRegisterTiles = 3

  /// The output tiles that there are kernels for, for the stride-1 filter's taps.
  static func tileSizes(for spec: ConvolutionSpec) -> [Int] {
    let taps =
      spec.stride == .one
      ? spec.kernel.h : roundUp(spec.kernel.h, to: StridePhases.stride) / StridePhases.stride
    return (2...6).filter { WinogradTransform(outputs: $0, taps: taps) != nil }
  }

  /// Name of the output tile in a plan, with the division where it is not the usual one.
  var tileName: String {
    "\(transform.outputs)\(divisionName)"
  }
  private var divisionName: String { division == .channels ? "" : "/\(division.rawValue)" }

  /// Of the products, edges counted.
  var multiplyAdds: Int {
    tiling.products * (input.c / spec.groups) * spec.outputs
  }

  /// All operations that run: the products, the transforms of tiles, edges counted, and the bias.
  private var executedFLOPs: Int {
    2 * multiplyAdds + tiling.inputFLOPs * input.c
      + (tiling.outputFLOPs(height: output.h) + (spec.hasBias ? output.n * output.h * output.w : 0))
      * spec.outputs
  }

  /// Transformed weights.
  private var weightCount: Int { frequencies * input.c / spec.groups * spec.outputs }

  /// Square 3×3 and 5×5 filters, stride 1, whole channel blocks per group.
  private static func applies(to spec: ConvolutionSpec, channels: Int) -> Bool {
    let block = Layout.channelBlock
    return spec.kernel.h == spec.kernel.w && [3, 5].contains(spec.kernel.h)
      && spec.stride == .one && spec.dilation == .one
      && (channels / spec.groups) % block == 0
      && (spec.groups == 1 || (spec.outputs / spec.groups) % block == 0)
  }

  var transform: WinogradTransform { tiling.transform }
  var frequencies: Int { transform.size * transform.size }
  var channelBlocks: Int { input.c / Layout.channelBlock }
  var outputTiles: OutputTiles {
    OutputTiles(outputs: spec.outputs / spec.groups, tile: Int(kernels.output_tile))
  }

  func makeStep(_ context: BlockedPlanner.ConvolutionContext) -> KernelStep {
    let packed = PackedWeights(
      winograd: phases?.phasedWeights(context.weights) ?? context.weights, spec: spec,
      transform: transform, tile: outputTiles.width, pool: pool)
    let phasedCount = phases == nil ? 0 : Layout.blocked.elementCount(of: input)
    let (m, r) = (transform.outputs, transform.taps)
    var info = StepInfo(
      nodes: context.nodes, in: context.graph, from: phases == nil ? .blocked : .nchw,
      to: .blocked,
      implementation: "f32-conv-winograd-f\(m)x\(m)r\(r)x\(r)-\(kernels.isaName)",
      kernelID: kernels.isaName, isa: kernels.isaName)
    info.tile = "F(\(m)x\(m),\(r)x\(r))" + divisionName
    info.errorAmplification = transform.errorAmplification(
      channels: input.c / spec.groups, last: [tiling.lastRow, tiling.lastColumn].compactMap { $0 })
    info.errorTile = m
    info.weightByteCount = packed.byteCount
    let flops = context.graph.cost(of: context.node).flops
    info.executedFLOPs? += executedFLOPs - flops
    info.executedBytes? += (weightCount - context.weights.weight.shape.count) * 4
    info.addIntermediate(
      floatCount: (phases == nil ? 0 : input.count)
        + tiling.products * (input.c + spec.outputs))
    // One share of all threads together, or one for each thread alone.
    let single = ThreadPool()
    let shares =
      division != .tiles
      ? [WinogradShare(self, tiles: 0..<tiling.count, pool: pool)]
      : tiling.shares(of: pool).map { WinogradShare(self, tiles: $0, pool: single) }
    info.workspaceByteCount =
      (phasedCount + shares.reduce(0) { $0 + $1.workspaceFloatCount }) * 4
    let coefficients = WinogradCoefficients(tiling)
    /// The launches of a share, whose memory lies after that of those before it.
    func launches(_ index: Int, _ bindings: Bindings) -> [KernelLaunch] {
      let phased = bindings.workspace.assumingMemoryBound(to: Float.self)
      return shares[index].launches(
        from: UnsafePointer(phases == nil ? bindings.inputs[0] : phased),
        to: bindings.outputs[0],
        workspace: phased + phasedCount
          + shares[..<index].reduce(0) { $0 + $1.workspaceFloatCount },
        packed: packed, coefficients: coefficients, floor: context.floor)
    }
    return KernelStep(
      info,
      makeLaunches: { bindings in
        let source = UnsafePointer(bindings.inputs[0])
        let phased = bindings.workspace.assumingMemoryBound(to: Float.self)
        let first = phases.map { [$0.launch(kernels, on: pool, from: source, to: phased)] } ?? []
        return division != .tiles ? first + launches(0, bindings) : first
      },
      makeSequences: division != .tiles
        ? nil : { bindings in LaunchSequences(on: pool) { launches($0, bindings) } })
  }
}
