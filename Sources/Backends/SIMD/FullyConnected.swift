import Execution
import KernelInterface
import Networks
import Tensors

/// Fully connected as a step: for one image a vector product that streams the weights, for several a
/// matrix product whose pixels are the images, which passes through an output tile's weights once for
/// each tile of images.
struct FullyConnected {
  let spec: InnerProductSpec
  let input: Shape
  /// Of the bottom blob.
  let layout: Layout
  let kernels: KernelTable

  private var images: Int { input.n }

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
    node: Graph.Node, nodes: [Int], outputValue: Graph.ValueID, weights: LayerWeights,
    floor: Float, pool: ThreadPool
  ) -> KernelStep {
    let tile = Int(kernels.output_tile)
    // A matrix product reads whole blocks of inputs.
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
    var info = StepInfo(
      kind: .innerProduct, nodes: nodes,
      inputs: [Operand(value: node.inputs[0], layout: layout)],
      outputs: [Operand(value: outputValue, layout: .nchw)],
      implementation: "f32-fc-\(method)-\(min(images, Int(kernels.pixel_tile)))x\(tile)"
        + "-\(kernels.isaName)",
      kernelID: kernels.isaName, isa: kernels.isaName)
    info.weightByteCount = packed.byteCount
    if images == 1 {
      return KernelStep(info) { bindings in
        [vectorProduct(bindings, packed: packed, inputs: inputs, floor: floor, pool: pool)]
      }
    }
    let packedInputs = roundUp(inputs, to: Layout.channelBlock) * images
    // Whole blocks of outputs, which the kernel writes; the row-major top takes what belongs to it.
    let blocks = roundUp(spec.outputs, to: Layout.channelBlock) / Layout.channelBlock
    info.workspaceByteCount = (packedInputs + blocks * Layout.channelBlock * images) * 4
    let tiling = PixelTilingStorage(PixelTiling(product: kernels, pixels: images))
    return KernelStep(info) { bindings in
      let workspace = bindings.workspace.assumingMemoryBound(to: Float.self)
      return matrixProduct(
        bindings, packed: packed, tiling: tiling, inputs: inputs, floor: floor, pool: pool,
        packedInput: workspace, product: workspace + packedInputs)
    }
  }

  private func vectorProduct(
    _ bindings: Bindings, packed: PackedWeights, inputs: Int, floor: Float, pool: ThreadPool
  ) -> KernelLaunch {
    let tiles = roundUp(spec.outputs, to: Int(kernels.output_tile)) / Int(kernels.output_tile)
    return KernelLaunch(kernels.vector_product, on: pool, phase: .gemm) { thread in
      let share = pool.share(of: tiles, thread: thread)
      return VectorProductArguments(
        input: UnsafePointer(bindings.inputs[0]), weights: UnsafePointer(packed.weights.pointer),
        bias: UnsafePointer(packed.bias.pointer), output: bindings.outputs[0], floor: floor,
        inputs: Int32(inputs), outputs: Int32(spec.outputs), first_tile: Int32(share.lowerBound),
        last_tile: Int32(share.upperBound))
    }
  }

  /// Three launches: images side by side per block of inputs, the product into blocks of outputs,
  /// and from there to rows.
  private func matrixProduct(
    _ bindings: Bindings, packed: PackedWeights, tiling: PixelTilingStorage, inputs: Int,
    floor: Float, pool: ThreadPool, packedInput: UnsafeMutablePointer<Float>,
    product: UnsafeMutablePointer<Float>
  ) -> [KernelLaunch] {
    let block = Layout.channelBlock
    let blocks = roundUp(inputs, to: block) / block
    let pack = KernelLaunch(kernels.pack_rows, on: pool, phase: .pack) { thread in
      let share = pool.share(of: blocks, thread: thread)
      return PackRowsArguments(
        input: UnsafePointer(bindings.inputs[0]), output: packedInput, rows: Int32(images),
        row_length: Int32(inputs), first_block: Int32(share.lowerBound),
        last_block: Int32(share.upperBound))
    }
    let tiles = OutputTiles(outputs: spec.outputs, tile: Int(kernels.output_tile))
    let multiply = KernelLaunch(kernels.convolution_block, on: pool, phase: .gemm) { thread in
      let share = pool.share(of: tiles.count, thread: thread)
      return ConvolutionArguments(
        input: UnsafePointer(packedInput), weights: UnsafePointer(packed.weights.pointer),
        bias: UnsafePointer(packed.bias.pointer), output: product, floor: floor,
        first_item: Int64(share.lowerBound), last_item: Int64(share.upperBound),
        tiles_per_group: Int32(tiles.count), images: 1, output_rows: 1, input_image_stride: 0,
        input_group_stride: 0, input_block_stride: Int64(images * block), input_row_stride: 0,
        output_image_stride: 0, output_group_stride: 0,
        output_block_stride: Int64(images * block), output_row_stride: 0,
        output_pixel_stride: Int64(block), channel_blocks: Int32(blocks),
        channels_per_block: Int32(block), taps_r: 1, taps_s: 1, stride_h: 1, dilation_h: 1,
        pad_h: 0, input_rows: 1, outputs_per_group: Int32(spec.outputs),
        pixel_tiles: UnsafePointer(tiling.tiles), pixel_tile_count: tiling.tileCount,
        tap_runs: UnsafePointer(tiling.runs))
    }
    let unpack = KernelLaunch(kernels.unpack_rows, on: pool, phase: .pack) { thread in
      let share = pool.share(of: images, thread: thread)
      return UnpackRowsArguments(
        input: UnsafePointer(product), output: bindings.outputs[0], rows: Int32(images),
        row_length: Int32(spec.outputs), first_row: Int32(share.lowerBound),
        last_row: Int32(share.upperBound))
    }
    return [pack, multiply, unpack]
  }
}
