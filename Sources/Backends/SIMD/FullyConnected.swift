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
  var precision = Precision.single

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

  /// - Throws: streams that were asked for but do not exist.
  func makeStep(
    _ nodes: [Int], in graph: Graph, weights: LayerWeights, floor: Float, options: CompileOptions
  ) throws(BackendError) -> KernelStep {
    let pool = options.pool
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
      innerProduct: weights, outputs: spec.outputs, tile: tile, order: order,
      precision: precision)
    let method = images == 1 ? "vector" : "matrix"
    let tiling = PixelTiling(product: kernels, images: images)
    var info = StepInfo(
      nodes: nodes, in: graph, from: layout, to: .nchw,
      implementation:
        "\(precision.rawValue)-fc-\(method)-\(tiling.width)x\(tile)-\(kernels.isaName)",
      kernelID: kernels.isaName, isa: kernels.isaName)
    info.precision = precision
    // Of a sum of n products the bound is (n + 2)·2⁻²⁴ of the sum of their sizes, and each weight may be
    // off by its own rounding besides.
    info.errorAmplification =
      1 + precision.weightRoundoff * 0x1p24 / Double(input.count / images + 2)
    info.weightByteCount = packed.byteCount
    if precision == .halfWeights { info.executedBytes? -= weights.weight.shape.byteCount / 2 }
    if images == 1 {
      return try WeightStreams.choose(
        for: graph.nodes[nodes[0]].layer.name, in: graph, options: options
      ) { streams in
        var info = info
        info.tile = streams.name
        return KernelStep(info) { bindings in
          [
            vectorProduct(
              bindings, packed: packed, inputs: inputs, streams: streams, floor: floor, pool: pool)
          ]
        }
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
    _ bindings: Bindings, packed: PackedWeights, inputs: Int, streams: WeightStreams, floor: Float,
    pool: ThreadPool
  ) -> KernelLaunch {
    let kernel =
      precision == .single ? kernels.vector_product : kernels.vector_product_half
    return KernelLaunch(kernel, on: pool, phase: .gemm) { thread in
      let share = pool.share(of: tileCount, thread: thread)
      return VectorProductArguments(
        input: UnsafePointer(bindings.inputs[0]), weights: packed.weights.pointer,
        bias: UnsafePointer(packed.bias.pointer), output: bindings.outputs[0],
        scale: packed.scale, floor: floor, inputs: Int32(inputs), outputs: Int32(spec.outputs),
        first_tile: Int32(share.lowerBound), last_tile: Int32(share.upperBound),
        streams: Int32(streams.count), prefetch_distance: Int32(streams.prefetchDistance))
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
    let kernel =
      precision == .single ? kernels.matrix_product : kernels.matrix_product_half
    let multiply = KernelLaunch(kernel, on: pool, phase: .gemm) { thread in
      let share = pool.share(of: tileCount, thread: thread)
      return MatrixProductArguments(
        input: UnsafePointer(packedInput), weights: packed.weights.pointer,
        bias: UnsafePointer(packed.bias.pointer), output: bindings.outputs[0],
        scratch: scratch(thread), scale: packed.scale, floor: floor, input_chunks: Int32(chunks),
        depth_blocks: Int32(depthBlocks), images: Int32(images), outputs: Int32(spec.outputs),
        image_tiles: UnsafePointer(tiling.tiles), image_tile_count: tiling.tileCount,
        first_tile: Int32(share.lowerBound), last_tile: Int32(share.upperBound))
    }
    return [pack, multiply]
  }
}

/// How the weights of a vector product are read: output tiles side by side, and how far ahead of their use
/// weights are asked for. What gets most out of memory depends on the processor, the number of threads
/// and the size of a weight, by a tenth and more, so that it is measured.
struct WeightStreams: Equatable {
  var count: Int
  /// In weights.
  var prefetchDistance: Int

  /// The first where nothing is measured.
  static let candidates = [
    WeightStreams(count: 2, prefetchDistance: 2048),
    WeightStreams(count: 2, prefetchDistance: 0),
    WeightStreams(count: 4, prefetchDistance: 0),
    WeightStreams(count: 4, prefetchDistance: 512),
    WeightStreams(count: 4, prefetchDistance: 1024),
    WeightStreams(count: 1, prefetchDistance: 4096),
  ]

  /// Whether a layer of the graph is a vector product.
  static func areChosen(in graph: Graph) -> Bool {
    graph.nodes.contains { node in
      guard case .innerProduct(let spec) = node.layer.spec else { return false }
      return graph.inputShape(of: node).count(of: 0..<spec.axis) == 1
    }
  }

  /// Longest that they are compared, and how often.
  private static let budgetNanoseconds: Int64 = 60_000_000
  private static let roundCount = 2...8

  /// Name in a plan, and in the `tile` column.
  var name: String { "\(count)x\(prefetchDistance)" }

  /// The step with the streams that a plan names, or with the fastest.
  /// - Throws: streams that were asked for but do not exist.
  static func choose(
    for layer: String, in graph: Graph, options: CompileOptions,
    _ makeStep: (WeightStreams) -> KernelStep
  ) throws(BackendError) -> KernelStep {
    guard let plan = options.tiles else { return makeStep(candidates[0]) }
    if let asked = plan.tiles[layer] {
      guard let found = candidates.first(where: { $0.name == asked }) else {
        throw .unsupported(
          layer: layer,
          reason: "no streams '\(asked)' of weights; there are "
            + candidates.map(\.name).joined(separator: ", "))
      }
      return makeStep(found)
    }
    let steps = candidates.map(makeStep)
    let trial = StepTrial(
      steps.map { [$0] }, evicting: options.expectsColdWeights ? plan.evictionMemory : nil,
      pool: options.pool
    ) { graph.values[$0.value].shape }
    let times = trial.fastest(rounds: roundCount, budgetNanoseconds: budgetNanoseconds)
    let best = plan.choose(zip(candidates, times).map { ($0.name, $1) }, for: layer)
    // Bound by the trial to memory of its own.
    return makeStep(candidates.first { $0.name == best } ?? candidates[0])
  }
}
