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

/// Some tiles of a Winograd convolution on some threads: how they are cut into blocks, and the
/// launches that compute them.
struct WinogradShare {
  private let convolution: WinogradConvolution
  /// Counted over images.
  private let tiles: Range<Int>
  private let pool: ThreadPool
  private let blocking: Blocking

  init(_ convolution: WinogradConvolution, tiles: Range<Int>, pool: ThreadPool) {
    self.convolution = convolution
    self.tiles = tiles
    self.pool = pool
    blocking =
      convolution.division == .frequencies
      ? Blocking(frequenciesOf: convolution, tileCount: tiles.count)
      : Blocking(convolution, tileCount: tiles.count, threadCount: pool.threadCount)
  }

  private var inputCount: Int { convolution.frequencies * blocking.frequencyStride }
  /// A tile of 16 input channels, or of an output tile.
  private var scratchCount: Int {
    convolution.frequencies * max(Layout.channelBlock, convolution.outputTiles.width)
  }
  private var productsCount: Int { convolution.frequencies * blocking.productsStride }
  /// Products are kept of one output tile per thread, or of all for all threads.
  private var keptProductsCount: Int {
    (isByFrequencies ? outputTileCount : pool.threadCount) * productsCount
  }
  private var isByFrequencies: Bool { convolution.division == .frequencies }
  private var outputTileCount: Int { convolution.spec.groups * convolution.outputTiles.count }

  /// Transformed input, then scratch memory and products of each thread; whole cache lines and more
  /// apart from what follows.
  var workspaceFloatCount: Int {
    roundUp(inputCount + pool.threadCount * scratchCount + keptProductsCount, to: 32)
  }

  func launches(
    from source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>,
    workspace: UnsafeMutablePointer<Float>, packed: PackedWeights,
    coefficients: WinogradCoefficients, floor: Float
  ) -> [KernelLaunch] {
    let kernels = convolution.kernels
    let scratch = workspace + inputCount
    let products = scratch + pool.threadCount * scratchCount
    var launches: [KernelLaunch] = []
    var first = tiles.lowerBound
    while first < tiles.upperBound {
      let count = min(blocking.tiles, tiles.upperBound - first)
      let range = first..<first + count
      launches.append(
        KernelLaunch(kernels.winograd_input, on: pool, phase: .inputTransform) { thread in
          inputArguments(
            from: source, tiles: range, thread: thread, to: workspace,
            coefficients: coefficients.input.pointers, scratch: scratch + thread * scratchCount)
        })
      func output(
        _ thread: Int, items: Range<Int>, products: UnsafeMutablePointer<Float>,
        ticks: UnsafeMutablePointer<Int64>? = nil
      ) -> WinogradOutputArguments {
        outputArguments(
          to: target, tiles: range, items: items, input: workspace, packed: packed,
          coefficients: coefficients.output.pointers,
          scratch: scratch + thread * scratchCount, products: products, floor: floor, ticks: ticks)
      }
      let transforms = outputTileCount * (roundUp(count, to: blocking.part) / blocking.part)
      if isByFrequencies {
        let shares = convolution.tiling.shares(of: pool, block: range, outputTiles: outputTileCount)
        launches.append(
          KernelLaunch(kernels.winograd_products, on: pool, phase: .gemm) {
            output($0, items: shares[$0], products: products)
          })
        launches.append(
          KernelLaunch(kernels.winograd_transform, on: pool, phase: .outputTransform) {
            output($0, items: pool.share(of: transforms, thread: $0), products: products)
          })
      } else {
        launches.append(
          KernelLaunch(
            kernels.winograd_output, on: pool, phases: (.gemm, .outputTransform)
          ) { thread, ticks in
            output(
              thread, items: pool.share(of: transforms, thread: thread),
              products: products + thread * productsCount, ticks: ticks)
          })
      }
      first += count
    }
    return launches
  }

  private func inputArguments(
    from source: UnsafePointer<Float>, tiles: Range<Int>, thread: Int,
    to target: UnsafeMutablePointer<Float>, coefficients: WinogradNumbers,
    scratch: UnsafeMutablePointer<Float>
  ) -> WinogradInputArguments {
    let (input, spec) = (convolution.input, convolution.spec)
    let channelBlocks = convolution.channelBlocks
    let share = pool.share(of: channelBlocks * tiles.count, thread: thread)
    let plane = input.h * input.w * Layout.channelBlock
    return WinogradInputArguments(
      input: source, output: target, scratch: scratch, coefficients: coefficients,
      tiles: convolution.tiling.block(tiles), input_h: Int32(input.h), input_w: Int32(input.w),
      pad_h: Int32(spec.pad.h), pad_w: Int32(spec.pad.w), channel_blocks: Int32(channelBlocks),
      input_image_stride: Int64(channelBlocks * plane), input_block_stride: Int64(plane),
      frequency_stride: Int64(blocking.frequencyStride),
      block_stride: Int64(blocking.tiles * Layout.channelBlock),
      first_item: Int64(share.lowerBound), last_item: Int64(share.upperBound))
  }

  private func outputArguments(
    to target: UnsafeMutablePointer<Float>, tiles: Range<Int>, items: Range<Int>,
    input source: UnsafePointer<Float>, packed: PackedWeights,
    coefficients: WinogradNumbers, scratch: UnsafeMutablePointer<Float>,
    products: UnsafeMutablePointer<Float>, floor: Float, ticks: UnsafeMutablePointer<Int64>?
  ) -> WinogradOutputArguments {
    let (output, spec) = (convolution.output, convolution.spec)
    let outputTiles = convolution.outputTiles
    let block = Layout.channelBlock
    let groupBlocks = convolution.channelBlocks / spec.groups
    let plane = output.h * output.w * block
    let outputBlocks = spec.groups * roundUp(spec.outputs / spec.groups, to: block) / block
    return WinogradOutputArguments(
      input: source, weights: UnsafePointer(packed.weights.pointer),
      bias: UnsafePointer(packed.bias.pointer), products: products, output: target,
      scratch: scratch, coefficients: coefficients, tiles: convolution.tiling.block(tiles),
      floor: floor, output_h: Int32(output.h), output_w: Int32(output.w),
      groups: Int32(spec.groups), tiles_per_group: Int32(outputTiles.count),
      outputs_per_group: Int32(spec.outputs / spec.groups), channel_blocks: Int32(groupBlocks),
      channels_per_block: Int32(block),
      frequency_stride: Int64(blocking.frequencyStride),
      group_stride: Int64(groupBlocks * blocking.tiles * block),
      block_stride: Int64(blocking.tiles * block), output_image_stride: Int64(outputBlocks * plane),
      output_block_stride: Int64(plane), products_frequency_stride: Int64(blocking.productsStride),
      tile_part: Int32(blocking.part), first_item: Int64(items.lowerBound),
      last_item: Int64(items.upperBound), ticks: ticks)
  }
}

/// How the work is cut so that what is in use stays in the second-level cache.
private struct Blocking {
  /// Tiles that are transformed together.
  let tiles: Int
  /// Tiles that one item of the second launch covers.
  let part: Int
  /// Distance between frequencies of the transformed input; not a multiple of 4096 bytes, at
  /// which all of them would share one set of the first-level cache.
  let frequencyStride: Int
  let productsStride: Int

  init(_ convolution: WinogradConvolution, tileCount total: Int, threadCount: Int) {
    let width = Int(convolution.kernels.output_tile)
    let channels = convolution.channelBlocks * Layout.channelBlock
    // Transformed tiles in all channels and their products with one output tile should stay in the
    // second-level cache beside the weights that stream through it, but fill two register tiles.
    let tileByteCount = convolution.frequencies * (channels + width) * 4
    let limit = max(
      CacheSizes.secondLevelByteCount * 5 / 8 / tileByteCount,
      2 * Int(convolution.kernels.pixel_tile))
    let blocks = roundUp(total, to: limit) / limit
    let block = roundUp(total, to: blocks) / blocks
    var parts = 1
    let items = convolution.spec.groups * convolution.outputTiles.count
    // Enough items that no thread waits long for another.
    while threadCount > 1, items * parts % threadCount != 0, items * parts < 8 * threadCount,
      block / (parts + 1) >= 4
    { parts += 1 }
    self.init(
      convolution, tiles: block, part: roundUp(block, to: parts) / parts, productTiles: nil)
  }

  /// For products frequency by frequency: the tiles of one frequency in all channels of a group should
  /// stay in the second-level cache beside the weights of two output tiles, and all that is between
  /// the transforms in half of the last-level cache.
  init(frequenciesOf convolution: WinogradConvolution, tileCount total: Int) {
    let groupChannels = convolution.input.c / convolution.spec.groups
    let outputs =
      convolution.spec.groups * convolution.outputTiles.count * convolution.outputTiles.width
    let limit = max(
      min(
        CacheSizes.secondLevelByteCount * 3 / 8 / (groupChannels * 4),
        CacheSizes.lastLevelByteCount / 2
          / (convolution.frequencies * (convolution.input.c + outputs) * 4)),
      2 * Int(convolution.kernels.pixel_tile))
    let blocks = roundUp(total, to: limit) / limit
    let block = roundUp(total, to: blocks) / blocks
    self.init(
      convolution, tiles: block, part: min(block, 2 * Int(convolution.kernels.pixel_tile)),
      productTiles: block)
  }

  /// - Parameter productTiles: whose products are kept together; nil for those of a part.
  private init(_ convolution: WinogradConvolution, tiles: Int, part: Int, productTiles: Int?) {
    self.tiles = tiles
    self.part = part
    let stride = convolution.channelBlocks * Layout.channelBlock * tiles
    frequencyStride = stride + (stride / 16 % 2 == 0 ? 16 : 0)
    productsStride = (productTiles ?? part) * Int(convolution.kernels.output_tile) + 16
  }
}

/// The transforms' numbers, as the kernels read them.
struct WinogradCoefficients {
  let input: Numbers
  let output: Numbers

  init(_ tiling: WinogradTiling) {
    input = Numbers(tiling) { $0.inputCoefficients }
    output = Numbers(tiling) { $0.outputCoefficients }
  }

  /// Those of full tiles, of the last row and of the last column.
  struct Numbers {
    private let full: Tensor
    private let lastRow: Tensor
    private let lastColumn: Tensor

    fileprivate init(_ tiling: WinogradTiling, _ values: (WinogradTransform) -> [Float]) {
      func tensor(_ transform: WinogradTransform?) -> Tensor {
        let values = values(transform ?? tiling.transform)
        return Tensor(Shape([values.count]), values: values)
      }
      full = tensor(tiling.transform)
      lastRow = tensor(tiling.lastRow)
      lastColumn = tensor(tiling.lastColumn)
    }

    /// Valid as long as this is.
    var pointers: WinogradNumbers {
      WinogradNumbers(full: full.pointer, last_h: lastRow.pointer, last_w: lastColumn.pointer)
    }
  }
}
