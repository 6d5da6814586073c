import Execution
import KernelInterface
import Networks
import Tensors

/// Fully connected as a step: for one image a vector product that streams the weights, for several a
/// matrix product, in which every weight read serves a tile of images.
struct FullyConnected {
  let spec: InnerProductSpec
  let input: Shape
  /// Of the bottom blob.
  let layout: Layout
  let kernels: KernelTable

  private var images: Int { input.n }
  /// Output tiles with any output.
  private var tileCount: Int {
    roundUp(spec.outputs, to: Int(kernels.output_tile)) / Int(kernels.output_tile)
  }

  /// For each float of one image of the bottom, in memory order, its feature; nil for fill.
  private var featureOrder: [Int?] {
    let image = input.withBatch(1)
    guard case .blockedChannels = layout else { return (0..<image.count).map { $0 } }
    var order = [Int?](repeating: nil, count: layout.elementCount(of: image))
    var feature = 0
    for c in 0..<image.c {
      for h in 0..<image.h {
        for w in 0..<image.w {
          order[layout.offset(n: 0, c: c, h: h, w: w, in: image)] = feature
          feature += 1
        }
      }
    }
    return order
  }

  func makeStep(
    _ nodes: [Int], in graph: Graph, weights: LayerWeights, floor: Float, pool: ThreadPool
  ) -> KernelStep {
    let tile = Int(kernels.output_tile)
    // A matrix product reads whole sixteens of inputs.
    let features = featureOrder
    let inputs = features.count
    let order =
      images == 1
      ? features
      : features
        + Array(repeating: nil, count: roundUp(inputs, to: Layout.channelBlock) - inputs)
    let packed = PackedWeights(
      innerProduct: weights, outputs: spec.outputs, tile: tile, order: order)
    let method = images == 1 ? "vector" : "matrix"
    let tiling = PixelTiling(product: kernels, images: images)
    var info = StepInfo(
      nodes: nodes, in: graph, from: layout, to: .nchw,
      implementation: "f32-fc-\(method)-\(tiling.width)x\(tile)-\(kernels.isaName)",
      kernelID: kernels.isaName, isa: kernels.isaName)
    info.weightByteCount = packed.byteCount
    if images == 1 {
      return KernelStep(info) { bindings in
        [vectorProduct(bindings, packed: packed, inputs: inputs, floor: floor, pool: pool)]
      }
    }
    // The images side by side.
    info.addIntermediate(floatCount: input.count)
    let imageTiles = PixelTilingStorage(tiling)
    let packedCount = order.count * images
    let blocks = depthBlocks(chunks: order.count / Layout.channelBlock, imageTiles: tiling)
    let waitingTiles = blocks == 1 ? 1 : (tileCount + pool.threadCount - 1) / pool.threadCount
    let scratchCount = waitingTiles * images * tile
    info.workspaceByteCount = (packedCount + scratchCount * pool.threadCount) * 4
    return KernelStep(info) { bindings in
      let workspace = bindings.workspace.assumingMemoryBound(to: Float.self)
      return matrixProduct(
        bindings, packed: packed, tiling: imageTiles, inputs: inputs, depthBlocks: blocks,
        floor: floor, pool: pool, packedInput: workspace
      ) { workspace + packedCount + $0 * scratchCount }
    }
  }

  /// Into how many parts the inputs are cut, so that half of the second-level cache holds what all tiles
  /// of images use of a part: their inputs, an output tile's weights, and the next one's. Weights that
  /// one tile of images uses once are not cut.
  private func depthBlocks(chunks: Int, imageTiles: PixelTiling) -> Int {
    if imageTiles.tiles.count == 1 { return 1 }
    let chunkBytes = Layout.channelBlock * (images + 2 * Int(kernels.output_tile)) * 4
    let most = max(CacheSizes.secondLevelByteCount / 2 / chunkBytes, 1)
    return (chunks + most - 1) / most
  }

  private func vectorProduct(
    _ bindings: Bindings, packed: PackedWeights, inputs: Int, floor: Float, pool: ThreadPool
  ) -> KernelLaunch {
    KernelLaunch(kernels.vector_product, on: pool, phase: .gemm) { thread in
      let share = pool.share(of: tileCount, thread: thread)
      return VectorProductArguments(
        input: UnsafePointer(bindings.inputs[0]), weights: UnsafePointer(packed.weights.pointer),
        bias: UnsafePointer(packed.bias.pointer), output: bindings.outputs[0], floor: floor,
        inputs: Int32(inputs), outputs: Int32(spec.outputs), first_tile: Int32(share.lowerBound),
        last_tile: Int32(share.upperBound))
    }
  }

  /// Two launches: the images of a tile side by side for each sixteen of inputs, and the product.
  private func matrixProduct(
    _ bindings: Bindings, packed: PackedWeights, tiling: PixelTilingStorage, inputs: Int,
    depthBlocks: Int, floor: Float, pool: ThreadPool, packedInput: UnsafeMutablePointer<Float>,
    scratch: (_ thread: Int) -> UnsafeMutablePointer<Float>
  ) -> [KernelLaunch] {
    let chunks = roundUp(inputs, to: Layout.channelBlock) / Layout.channelBlock
    let pack = KernelLaunch(kernels.pack_images, on: pool, phase: .pack) { thread in
      let share = pool.share(of: chunks, thread: thread)
      return PackImagesArguments(
        input: UnsafePointer(bindings.inputs[0]), output: packedInput, inputs: Int32(inputs),
        image_tiles: UnsafePointer(tiling.tiles), image_tile_count: tiling.tileCount,
        first_chunk: Int32(share.lowerBound), last_chunk: Int32(share.upperBound))
    }
    let multiply = KernelLaunch(kernels.matrix_product, on: pool, phase: .gemm) { thread in
      let share = pool.share(of: tileCount, thread: thread)
      return MatrixProductArguments(
        input: UnsafePointer(packedInput), weights: UnsafePointer(packed.weights.pointer),
        bias: UnsafePointer(packed.bias.pointer), output: bindings.outputs[0],
        scratch: scratch(thread), floor: floor, input_chunks: Int32(chunks),
        depth_blocks: Int32(depthBlocks), images: Int32(images), outputs: Int32(spec.outputs),
        image_tiles: UnsafePointer(tiling.tiles), image_tile_count: tiling.tileCount,
        first_tile: Int32(share.lowerBound), last_tile: Int32(share.upperBound))
    }
    return [pack, multiply]
  }
}
