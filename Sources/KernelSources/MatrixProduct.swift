import KernelInterface

/// Fully connected for several images: each weight read serves a tile of images.
///
/// Where one tile holds all images, weights pass by once, from memory. Where several do, the inputs
/// are cut into depth blocks: all output tiles of the thread use a block of the inputs, which stays
/// in the second-level cache, as an output tile's weights of the block do for all tiles of images.
/// The next weights are asked for meanwhile, a part by each tile of images, and sums wait for the
/// next block in the thread's scratch.
func matrixProduct(_ raw: UnsafeRawPointer) { multiply(raw, SingleWeights.self) }

/// The same with weights of half the size.
func matrixProductHalf(_ raw: UnsafeRawPointer) { multiply(raw, HalfWeights.self) }

@inline(__always)
private func multiply<Format: WeightFormat>(_ raw: UnsafeRawPointer, _ format: Format.Type) {
  let a = raw.assumingMemoryBound(to: MatrixProductArguments.self)
  let chunks = Int(a.pointee.input_chunks)
  let blocks = Int(a.pointee.depth_blocks)
  let imageTiles = Int(a.pointee.image_tile_count)
  let firstTile = Int(a.pointee.first_tile)
  let lastTile = Int(a.pointee.last_tile)
  for block in 0..<blocks {
    let first = chunks * block / blocks
    let end = chunks * (block + 1) / blocks
    for tile in firstTile..<lastTile {
      let weights = weightRow(a, tile: tile, chunk: first, format)
      let next =
        imageTiles == 1
        ? weights + streamPrefetchDistance
        : tile + 1 < lastTile
          ? weights + chunks * chunkWeights
          : weightRow(a, tile: firstTile, chunk: end, format)
      for index in 0..<imageTiles {
        let images = a.pointee.image_tiles[index]
        let product = ImageProduct<Format>(
          a, images: images, outputTileIndex: tile, weights: weights, firstChunk: first,
          endChunk: end, next: next + (end - first) * chunkWeights * index / imageTiles,
          nextStep: (outputTile + imageTiles - 1) / imageTiles)
        runTile(width: Int(images.width), product)
      }
      if block == blocks - 1 { copyRaggedTile(a, tile) }
    }
  }
}

/// Weights of sixteen inputs of an output tile, in floats.
private let chunkWeights = 16 * outputTile

/// Where an output tile's weights begin, from a sixteen of inputs on.
@inline(__always)
private func weightRow<Format: WeightFormat>(
  _ a: UnsafePointer<MatrixProductArguments>, tile: Int, chunk: Int, _ format: Format.Type
) -> UnsafePointer<Format.Element> {
  a.pointee.weights.assumingMemoryBound(to: Format.Element.self)
    + (tile * Int(a.pointee.input_chunks) + chunk) * chunkWeights
}

/// Where the sums of an output tile and an image wait. One tile of images needs them for a ragged last
/// tile of outputs only, so there all have the same place.
@inline(__always)
private func waitingSums(
  _ a: UnsafePointer<MatrixProductArguments>, tile: Int, image: Int
) -> UnsafeMutablePointer<Float> {
  let place = a.pointee.depth_blocks == 1 ? 0 : tile - Int(a.pointee.first_tile)
  return a.pointee.scratch + (place * Int(a.pointee.images) + image) * outputTile
}

/// Sums of one tile of images by one output tile, over a depth block.
private struct ImageProduct<Format: WeightFormat>: TileTask {
  /// [input ∕ 16][image of the tile][16].
  private let input: UnsafePointer<Float>
  private let weights: UnsafePointer<Format.Element>
  private let chunkCount: Int
  /// The weights to ask for with the first input, and how far those of the next input are from them.
  private let next: UnsafePointer<Format.Element>
  private let nextStep: Int
  /// What the sums start with, one row per image, and where they go.
  private let start: UnsafePointer<Float>
  private let startStride: Int
  private let target: UnsafeMutablePointer<Float>
  private let targetStride: Int
  private let scale: Float
  private let floor: Float

  @inline(__always)
  init(
    _ a: UnsafePointer<MatrixProductArguments>, images: PixelTile, outputTileIndex: Int,
    weights: UnsafePointer<Format.Element>, firstChunk: Int, endChunk: Int,
    next: UnsafePointer<Format.Element>, nextStep: Int
  ) {
    let total = Int(a.pointee.input_chunks)
    let outputs = Int(a.pointee.outputs)
    let firstOutput = outputTileIndex * outputTile
    let firstImage = Int(images.first)
    input = a.pointee.input + (firstImage * total + firstChunk * Int(images.width)) * 16
    self.weights = weights
    chunkCount = endChunk - firstChunk
    self.next = next
    self.nextStep = nextStep
    let sums = waitingSums(a, tile: outputTileIndex, image: firstImage)
    // All images start with the same bias.
    start = firstChunk == 0 ? a.pointee.bias + firstOutput : UnsafePointer(sums)
    startStride = firstChunk == 0 ? 0 : outputTile
    let isLast = endChunk == total
    scale = isLast ? a.pointee.scale : 1
    floor = isLast ? a.pointee.floor : -.infinity
    let isWhole = firstOutput + outputTile <= outputs
    target = isLast && isWhole ? a.pointee.output + firstImage * outputs + firstOutput : sums
    targetStride = isLast && isWhole ? outputs : outputTile
  }

  @inline(never)
  func run<let width: Int>(_ tile: RegisterTile<width>.Type) {
    var sums = RegisterTile<width>()
    for x in 0..<width {
      sums.low[x] = loadVector(start + x * startStride)
      sums.high[x] = loadVector(start + x * startStride + Vector.scalarCount)
    }
    // Two loops: whether weights are far is for the compiler to know.
    if nextStep == outputTile {
      for chunk in 0..<chunkCount { addChunk(chunk, to: &sums, areFar: false) }
    } else {
      for chunk in 0..<chunkCount { addChunk(chunk, to: &sums, areFar: true) }
    }
    let scale = Vector(repeating: self.scale)
    let floor = Vector(repeating: self.floor)
    for x in 0..<width {
      let target = target + x * targetStride
      storeVector(maximum(sums.low[x] * scale, floor), target)
      storeVector(maximum(sums.high[x] * scale, floor), target + Vector.scalarCount)
    }
  }
}

extension ImageProduct {
  /// Adds sixteen inputs.
  @inline(__always)
  private func addChunk<let width: Int>(
    _ chunk: Int, to sums: inout RegisterTile<width>, areFar: Bool
  ) {
    sums.add(
      input: input + chunk * width * 16, weights: weights + chunk * chunkWeights, count: 16,
      next: next + chunk * 16 * nextStep, nextStep: nextStep, isFar: areFar,
      Format.self)
  }
}

/// Copies the sums of a last output tile that reaches beyond the outputs from the scratch.
private func copyRaggedTile(_ a: UnsafePointer<MatrixProductArguments>, _ tile: Int) {
  let outputs = Int(a.pointee.outputs)
  let count = outputs - tile * outputTile
  guard count < outputTile else { return }
  for image in 0..<Int(a.pointee.images) {
    let sums = waitingSums(a, tile: tile, image: image)
    let output = a.pointee.output + image * outputs + tile * outputTile
    for lane in 0..<count { output[lane] = sums[lane] }
  }
}

/// Rearranges images [image][input] for ``matrixProduct(_:)``: [tile of images][input ∕ 16][image of
/// the tile][16].
func packImages(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: PackImagesArguments.self)
  let inputs = Int(a.pointee.inputs)
  let chunks = (inputs + 15) / 16
  for chunk in Int(a.pointee.first_chunk)..<Int(a.pointee.last_chunk) {
    let count = inputs - chunk * 16
    for index in 0..<Int(a.pointee.image_tile_count) {
      let images = a.pointee.image_tiles[index]
      let (first, width) = (Int(images.first), Int(images.width))
      var source = a.pointee.input + first * inputs + chunk * 16
      var target = a.pointee.output + (first * chunks + chunk * width) * 16
      for _ in 0..<width {
        if count >= 16 {
          for lane in 0..<(16 / Vector.scalarCount) {
            let offset = lane * Vector.scalarCount
            storeVector(loadVector(source + offset), target + offset)
          }
        } else {
          for lane in 0..<16 { target[lane] = lane < count ? source[lane] : 0 }
        }
        source += inputs
        target += 16
      }
    }
  }
}
