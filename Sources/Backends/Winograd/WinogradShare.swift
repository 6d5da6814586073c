import Execution
import KernelInterface
import Networks
import Tensors

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
