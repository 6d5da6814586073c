import KernelInterface

/// Direct convolution over blocked channels, one pixel to the next 16 floats apart.
func convolutionBlock(_ raw: UnsafeRawPointer) {
  convolve(raw, BlockStep.self)
}

/// Direct convolution over planar channels with stride 4, as AlexNet's conv1.
func convolutionFour(_ raw: UnsafeRawPointer) {
  convolve(raw, FourStep.self)
}

/// Distance in floats between the inputs of neighbouring output pixels, at compile time.
enum PixelStep<let floats: Int> {}
typealias BlockStep = PixelStep<16>
typealias FourStep = PixelStep<4>

/// Runs a thread's items. Blocked: [group][output tile][image][output row], the weights of an output
/// tile staying in the second-level cache for all rows and images. Planar: [image][output row][output
/// tile], since its few weights stay there in any case, and input from memory is read once.
@inline(__always)
private func convolve<let pixelStep: Int>(
  _ raw: UnsafeRawPointer, _ step: PixelStep<pixelStep>.Type
) {
  let a = raw.assumingMemoryBound(to: ConvolutionArguments.self)
  let rows = Int(a.pointee.output_rows)
  let images = Int(a.pointee.images)
  let tilesPerGroup = Int(a.pointee.tiles_per_group)
  let tileWeights =
    Int(a.pointee.channel_blocks) * Int(a.pointee.taps_r) * Int(a.pointee.taps_s)
    * Int(a.pointee.channels_per_block) * outputTile
  let isPlanar = pixelStep == 4
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    let row = isPlanar ? item / tilesPerGroup % rows : item % rows
    let image = isPlanar ? item / (tilesPerGroup * rows) : item / rows % images
    let tile = isPlanar ? item % tilesPerGroup : item / (rows * images)
    let group = tile / tilesPerGroup
    let firstOutput = tile % tilesPerGroup * outputTile
    let inputRow = row * Int(a.pointee.stride_h) - Int(a.pointee.pad_h)
    var job = RowJob(
      arguments: a,
      input: a.pointee.input + image * Int(a.pointee.input_image_stride)
        + group * Int(a.pointee.input_group_stride) + inputRow * Int(a.pointee.input_row_stride),
      weights: a.pointee.weights + tile * tileWeights,
      bias: a.pointee.bias + tile * outputTile,
      output: a.pointee.output + image * Int(a.pointee.output_image_stride)
        + group * Int(a.pointee.output_group_stride) + row * Int(a.pointee.output_row_stride),
      firstOutput: firstOutput)
    job.limitRows(inputRow: inputRow)
    let pixelTiles = Int(a.pointee.pixel_tile_count)
    for index in 0..<pixelTiles {
      if isPlanar {
        job.prefetchInput(inputRow: inputRow, part: tile * pixelTiles + index)
      }
      runTile(
        width: Int(a.pointee.pixel_tiles[index].width),
        PixelTileTask<pixelStep>(job: job, index: index))
    }
  }
}

/// One tile of pixels of a row.
private struct PixelTileTask<let pixelStep: Int>: TileTask {
  let job: RowJob
  let index: Int

  @inline(__always)
  func run<let width: Int>(_ tile: RegisterTile<width>.Type) {
    job.run(tile, index, PixelStep<pixelStep>.self)
  }
}

/// One output row of one output tile.
struct RowJob {
  let arguments: UnsafePointer<ConvolutionArguments>
  /// Where tap r = 0 of channel block 0 starts; outside the input when that row is padding.
  let input: UnsafePointer<Float>
  let weights: UnsafePointer<Float>
  let bias: UnsafePointer<Float>
  let output: UnsafeMutablePointer<Float>
  /// First output channel, counted within the group.
  let firstOutput: Int
  /// The taps r whose row lies inside the input.
  var firstTap = 0
  var lastTap = 0

  /// Leaves out the rows of the filter that fall into the padding.
  @inline(__always)
  mutating func limitRows(inputRow: Int) {
    let dilation = Int(arguments.pointee.dilation_h)
    let rows = Int(arguments.pointee.input_rows)
    lastTap = Int(arguments.pointee.taps_r)
    while firstTap < lastTap, inputRow + firstTap * dilation < 0 { firstTap += 1 }
    while lastTap > firstTap, inputRow + (lastTap - 1) * dilation >= rows { lastTap -= 1 }
  }

  /// Asks for one of the input rows that the next output row will be the first to read: each tile of
  /// an output row asks for another, so that they arrive while all tiles compute.
  @inline(__always)
  func prefetchInput(inputRow: Int, part: Int) {
    let stride = Int(arguments.pointee.stride_h)
    let ahead = Int(arguments.pointee.taps_r) + part % stride
    let channel = part / stride
    guard channel < Int(arguments.pointee.channel_blocks),
      inputRow + ahead < Int(arguments.pointee.input_rows)
    else { return }
    let width = Int(arguments.pointee.input_row_stride)
    let row = input + channel * Int(arguments.pointee.input_block_stride) + ahead * width
    var x = 0
    while x < width {
      kernel_prefetch(row + x)
      x += 16
    }
  }

  /// The loop nest over channel blocks and taps around a register tile.
  @inline(never)
  func run<let width: Int, let pixelStep: Int>(
    _ tile: RegisterTile<width>.Type, _ index: Int, _ step: PixelStep<pixelStep>.Type
  ) {
    let a = arguments
    let tapsS = Int(a.pointee.taps_s)
    let channels = Int(a.pointee.channels_per_block)
    let tile = a.pointee.pixel_tiles[index]
    let runs = a.pointee.tap_runs + Int(tile.first_run)
    let rowStride = Int(a.pointee.input_row_stride) * Int(a.pointee.dilation_h)
    var sums = RegisterTile<width>(bias: bias)
    for block in 0..<Int(a.pointee.channel_blocks) {
      let blockInput = input + block * Int(a.pointee.input_block_stride)
      for r in firstTap..<lastTap {
        let rowInput = blockInput + r * rowStride
        var weights =
          weights + (block * Int(a.pointee.taps_r) + r) * tapsS * channels * outputTile
        for index in 0..<Int(tile.run_count) {
          let run = runs[index]
          let count = Int(run.taps) * channels
          let runInput = rowInput + Int(run.offset)
          if width >= minimumEdgeTileWidth && pixelStep == 16 {
            switch run.edge {
            case 0:
              sums.add(
                Tap<pixelStep, 0, 0>.self, input: runInput, weights: weights, count: count)
            case 1:
              sums.add(
                Tap<pixelStep, 1, 0>.self, input: runInput, weights: weights, count: count)
            case 2:
              sums.add(
                Tap<pixelStep, 2, 0>.self, input: runInput, weights: weights, count: count)
            case 3:
              sums.add(
                Tap<pixelStep, 0, 1>.self, input: runInput, weights: weights, count: count)
            default:
              sums.add(
                Tap<pixelStep, 0, 2>.self, input: runInput, weights: weights, count: count)
            }
          } else {
            sums.add(Tap<pixelStep, 0, 0>.self, input: runInput, weights: weights, count: count)
          }
          weights += count * outputTile
        }
      }
    }
    let pixelStride = Int(a.pointee.output_pixel_stride)
    let start = output + Int(tile.first) * pixelStride
    sums.store(
      floor: a.pointee.floor, at: start, channel: firstOutput,
      channels: Int(a.pointee.outputs_per_group), blockStride: Int(a.pointee.output_block_stride),
      pixelStride: pixelStride)
  }
}
