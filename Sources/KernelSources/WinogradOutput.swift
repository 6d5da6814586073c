import KernelInterface

/// Second part of a Winograd convolution: for one tile of output channels and some tiles of
/// pixels, the products of all α² frequencies, then A^T M A while they are still in the cache.
/// Source: Lavin and Gray (2015), section 4.1.
func winogradOutput(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: WinogradOutputArguments.self)
  let tileCount = Int(a.pointee.tile_count)
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
      a, frequency: f, tile, 0, Int(a.pointee.tile_count),
      products: allProducts(a, tile) + f * Int(a.pointee.products_frequency_stride),
      AskingForNext.self)
  }
}

/// The transform alone of what ``winogradProducts(_:)`` left.
func winogradTransform(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: WinogradOutputArguments.self)
  let tileCount = Int(a.pointee.tile_count)
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
  Int(a.pointee.alpha) * Int(a.pointee.alpha)
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
private enum AskingAhead<let isOn: Int> {}
private typealias AskingForNothing = AskingAhead<0>
private typealias AskingForNext = AskingAhead<1>

/// products[tile][k] = Σ_c input[f][c][tile] · weights[f][c][k] for one frequency f.
@inline(__always)
private func multiply<let isOn: Int>(
  _ a: UnsafePointer<WinogradOutputArguments>, frequency: Int, _ outputTileIndex: Int,
  _ firstTile: Int, _ count: Int, products: UnsafeMutablePointer<Float>,
  _ asking: AskingAhead<isOn>.Type
) {
  let blocks = Int(a.pointee.channel_blocks)
  let group = outputTileIndex / Int(a.pointee.tiles_per_group)
  let input =
    a.pointee.input + group * Int(a.pointee.group_stride) + firstTile * 16
    + frequency * Int(a.pointee.frequency_stride)
  let weightCount = blocks * 16 * outputTile
  let tileWeights = frequencyCount(a) * weightCount
  let weights = a.pointee.weights + outputTileIndex * tileWeights + frequency * weightCount
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
          next: next + block * channels * nextStep, nextStep: nextStep, isFar: true)
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

/// The one-dimensional transform y = A^T x to `outputs` pixels.
///
/// Column p of A^T holds the powers of the point p; those of a pair differ in the sign of the odd
/// ones. Coefficients: [output][pair, then single].
enum OutputTransform<let alpha: Int, let outputs: Int, let pairs: Int, let singles: Int> {
  @inline(__always)
  static func apply(
    _ x: InlineArray<alpha, Vector>, _ coefficients: UnsafePointer<Float>
  ) -> InlineArray<outputs, Vector> {
    var y: InlineArray<outputs, Vector> = vectors()
    var sums: InlineArray<pairs, Vector> = vectors()
    var differences: InlineArray<pairs, Vector> = vectors()
    for pair in 0..<pairs {
      sums[pair] = x[1 + 2 * pair] + x[2 + 2 * pair]
      differences[pair] = x[1 + 2 * pair] - x[2 + 2 * pair]
    }
    y[0] = x[0]
    for pair in 0..<pairs { y[0] += sums[pair] }
    for single in 0..<singles { y[0] += x[1 + 2 * pairs + single] }
    y[outputs - 1] = x[alpha - 1]
    for i in 1..<outputs {
      let row = coefficients + i * (pairs + singles)
      for pair in 0..<pairs {
        let term = i % 2 == 0 ? sums[pair] : differences[pair]
        y[i] = multiplyAdd(y[i], term, Vector(repeating: row[pair]))
      }
      for single in 0..<singles {
        y[i] = multiplyAdd(
          y[i], x[1 + 2 * pairs + single], Vector(repeating: row[pairs + single]))
      }
    }
    return y
  }
}

/// y = A^T M A of the products of one output tile, at `products` for the first of the tiles.
@inline(__always)
private func transformOutput<let isOn: Int>(
  _ a: UnsafePointer<WinogradOutputArguments>, _ outputTileIndex: Int, _ firstTile: Int,
  _ count: Int, products: UnsafePointer<Float>, _ asking: AskingAhead<isOn>.Type
) {
  switch (a.pointee.alpha, a.pointee.tile_outputs) {
  case (4, 2):
    transformOutput(
      a, outputTileIndex, firstTile, count, products: products, asking,
      OutputTransform<4, 2, 1, 0>.self)
  case (6, 4):
    transformOutput(
      a, outputTileIndex, firstTile, count, products: products, asking,
      OutputTransform<6, 4, 2, 0>.self)
  case (7, 5):
    transformOutput(
      a, outputTileIndex, firstTile, count, products: products, asking,
      OutputTransform<7, 5, 2, 1>.self)
  case (8, 6):
    transformOutput(
      a, outputTileIndex, firstTile, count, products: products, asking,
      OutputTransform<8, 6, 3, 0>.self)
  case (6, 2):
    transformOutput(
      a, outputTileIndex, firstTile, count, products: products, asking,
      OutputTransform<6, 2, 2, 0>.self)
  case (7, 3):
    transformOutput(
      a, outputTileIndex, firstTile, count, products: products, asking,
      OutputTransform<7, 3, 2, 1>.self)
  default:
    transformOutput(
      a, outputTileIndex, firstTile, count, products: products, asking,
      OutputTransform<8, 4, 3, 0>.self)
  }
}

@inline(never)
private func transformOutput<
  let alpha: Int, let outputs: Int, let pairs: Int, let singles: Int, let isOn: Int
>(
  _ a: UnsafePointer<WinogradOutputArguments>, _ outputTileIndex: Int, _ firstTile: Int,
  _ count: Int, products: UnsafePointer<Float>, _ asking: AskingAhead<isOn>.Type,
  _ transform: OutputTransform<alpha, outputs, pairs, singles>.Type
) {
  let tilesPerGroup = Int(a.pointee.tiles_per_group)
  let group = outputTileIndex / tilesPerGroup
  let blocksPerGroup = (Int(a.pointee.outputs_per_group) + 15) / 16
  let firstChannel = outputTileIndex % tilesPerGroup * outputTile
  let tilesH = Int(a.pointee.tiles_h)
  let tilesW = Int(a.pointee.tiles_w)
  let height = Int(a.pointee.output_h)
  let width = Int(a.pointee.output_w)
  let stride = Int(a.pointee.products_frequency_stride)
  let scratch = a.pointee.scratch
  let floor = Vector(repeating: a.pointee.floor)
  for tile in 0..<count {
    let index = firstTile + tile + Int(a.pointee.first_tile)
    let image = index / (tilesH * tilesW)
    let top = index / tilesW % tilesH * outputs
    let left = index % tilesW * outputs
    for half in 0..<2 {
      let channel = firstChannel + half * Vector.scalarCount
      // The second half of a last tile may lie beyond the group's channels.
      if channel >= blocksPerGroup * 16 { continue }
      let products = products + tile * outputTile + half * Vector.scalarCount
      for j in 0..<alpha {
        var x: InlineArray<alpha, Vector> = vectors()
        for i in 0..<alpha {
          let product = products + (i * alpha + j) * stride
          x[i] = loadVector(product)
          // Too many streams for the processor to follow.
          if isOn == 1 { kernel_prefetch(product + outputTile) }
        }
        let y = transform.apply(x, a.pointee.coefficients)
        for i in 0..<outputs {
          storeVector(y[i], scratch + (i * alpha + j) * Vector.scalarCount)
        }
      }
      let bias = loadVector(
        a.pointee.bias + outputTileIndex * outputTile + half * Vector.scalarCount)
      let block = group * blocksPerGroup + channel / 16
      let output =
        a.pointee.output + image * Int(a.pointee.output_image_stride)
        + block * Int(a.pointee.output_block_stride) + channel % 16
      let rows = top + outputs <= height ? outputs : height - top
      let columns = left + outputs <= width ? outputs : width - left
      for i in 0..<rows {
        var x: InlineArray<alpha, Vector> = vectors()
        for j in 0..<alpha {
          x[j] = loadVector(scratch + (i * alpha + j) * Vector.scalarCount)
        }
        let y = transform.apply(x, a.pointee.coefficients)
        let row = output + ((top + i) * width + left) * 16
        for j in 0..<outputs where j < columns {
          storeVector(maximum(y[j] + bias, floor), row + j * 16)
        }
      }
    }
  }
}
