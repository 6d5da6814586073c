import KernelInterface

/// Second part of a Winograd convolution: for one tile of output channels and some tiles of
/// pixels, the products of all α² frequencies, then A^T M A while they are still in the cache.
/// Source: Lavin and Gray (2015), section 4.1.
func winogradOutput(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: WinogradOutputArguments.self)
  let tileCount = Int(a.pointee.tiles.tile_count)
  let part = Int(a.pointee.tile_part)
  let parts = (tileCount + part - 1) / part
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    let outputTileIndex = item / parts
    let first = item % parts * part
    let count = first + part <= tileCount ? part : tileCount - first
    let start = a.pointee.ticks == nil ? 0 : kernel_ticks()
    for f in 0..<frequencyCount(a) {
      multiply(
        a, frequency: f, outputTileIndex, first, count,
        products: a.pointee.products + f * Int(a.pointee.products_frequency_stride),
        AskingForNothing.self)
    }
    let middle = a.pointee.ticks == nil ? 0 : kernel_ticks()
    transformOutput(
      a, outputTileIndex, first, count, products: a.pointee.products, AskingForNothing.self)
    if let ticks = a.pointee.ticks {
      ticks[0] += middle - start
      ticks[1] += kernel_ticks() - middle
    }
  }
}

/// The products alone, one frequency after the other, each for all tiles: its weights are read once for
/// all of them, where ``winogradOutput(_:)`` reads all weights for every block of tiles that fits
/// into the second-level cache.
func winogradProducts(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: WinogradOutputArguments.self)
  let outputTiles = Int(a.pointee.groups) * Int(a.pointee.tiles_per_group)
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    let f = item / outputTiles
    let tile = item % outputTiles
    multiply(
      a, frequency: f, tile, 0, Int(a.pointee.tiles.tile_count),
      products: allProducts(a, tile) + f * Int(a.pointee.products_frequency_stride),
      AskingForNext.self)
  }
}

/// The transform alone of what ``winogradProducts(_:)`` left.
func winogradTransform(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: WinogradOutputArguments.self)
  let tileCount = Int(a.pointee.tiles.tile_count)
  let part = Int(a.pointee.tile_part)
  let parts = (tileCount + part - 1) / part
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    let first = item % parts * part
    transformOutput(
      a, item / parts, first, first + part <= tileCount ? part : tileCount - first,
      products: allProducts(a, item / parts) + first * outputTile, AskingForNext.self)
  }
}

@inline(__always)
private func frequencyCount(_ a: UnsafePointer<WinogradOutputArguments>) -> Int {
  Int(a.pointee.tiles.alpha) * Int(a.pointee.tiles.alpha)
}

/// Products of an output tile, where those of all are kept.
@inline(__always)
private func allProducts(
  _ a: UnsafePointer<WinogradOutputArguments>, _ outputTileIndex: Int
) -> UnsafeMutablePointer<Float> {
  a.pointee.products
    + outputTileIndex * frequencyCount(a) * Int(a.pointee.products_frequency_stride)
}

/// Whether what is needed next, and is in no near cache, is asked for: the weights of the next output tile,
/// a part by each register tile of products; the products of the next tile by each transform.
enum AskingAhead<let isOn: Int> {}
private typealias AskingForNothing = AskingAhead<0>
private typealias AskingForNext = AskingAhead<1>

/// products[tile][k] = Σ_c input[f][c][tile] · weights[f][c][k] for one frequency f and those of the
/// tiles that have it.
@inline(__always)
private func multiply<let isOn: Int>(
  _ a: UnsafePointer<WinogradOutputArguments>, frequency: Int, _ outputTileIndex: Int,
  _ firstTile: Int, _ tileCount: Int, products: UnsafeMutablePointer<Float>,
  _ asking: AskingAhead<isOn>.Type
) {
  let having = winograd_frequency_tiles(a.pointee.tiles, Int32(frequency))
  let first = Int(having.first) > firstTile ? Int(having.first) : firstTile
  let end =
    Int(having.end) < firstTile + tileCount ? Int(having.end) : firstTile + tileCount
  let count = end - first
  if count <= 0 { return }
  let blocks = Int(a.pointee.channel_blocks)
  let group = outputTileIndex / Int(a.pointee.tiles_per_group)
  let input =
    a.pointee.input + group * Int(a.pointee.group_stride) + first * 16
    + frequency * Int(a.pointee.frequency_stride)
  let weightCount = blocks * 16 * outputTile
  let tileWeights = frequencyCount(a) * weightCount
  let weights = a.pointee.weights + outputTileIndex * tileWeights + frequency * weightCount
  let products = products + (first - firstTile) * outputTile
  // Nearly equal widths, so that no narrow rest keeps the multipliers waiting.
  let runs = (count + maximumTileWidth - 1) / maximumTileWidth
  var tile = 0
  for run in 0..<runs {
    let end = count * (run + 1) / runs
    runTile(
      width: end - tile,
      ProductOperands<isOn>(
        input: input + tile * 16, blockStride: Int(a.pointee.block_stride),
        blocks: blocks, channels: Int(a.pointee.channels_per_block), weights: weights,
        next: weights + tileWeights + weightCount * run / runs,
        nextStep: (outputTile + runs - 1) / runs, products: products + tile * outputTile))
    tile = end
  }
}

/// The operands of one register tile of products.
private struct ProductOperands<let isOn: Int>: TileTask {
  let input: UnsafePointer<Float>
  let blockStride: Int
  let blocks: Int
  let channels: Int
  let weights: UnsafePointer<Float>
  let next: UnsafePointer<Float>
  let nextStep: Int
  let products: UnsafeMutablePointer<Float>

  @inline(never)
  func run<let width: Int>(_ tile: RegisterTile<width>.Type) {
    var sums = RegisterTile<width>()
    for block in 0..<blocks {
      let weights = weights + block * channels * outputTile
      let input = input + block * blockStride
      if isOn == 1 {
        sums.add(
          input: input, weights: weights, count: channels,
          next: next + block * channels * nextStep, nextStep: nextStep, isFar: true,
          SingleWeights.self)
      } else {
        sums.add(
          Tap<16, 0, 0>.self, input: input, weights: weights, count: channels,
          ahead: weightPrefetchDistance)
      }
    }
    for x in 0..<width {
      storeVector(sums.low[x], products + x * outputTile)
      storeVector(sums.high[x], products + x * outputTile + Vector.scalarCount)
    }
  }
}
