import Execution
import KernelInterface
import Networks
import Tensors

/// Winograd convolution F(m×m, r×r) as a step: two launches per block of tiles, the input
/// transform, then products and output transform together. A stride of 4 becomes one of 1 by way
/// of its phases, which a launch before those two makes.
struct WinogradConvolution {
  /// The convolution with stride 1.
  let spec: ConvolutionSpec
  let input: Shape
  let output: Shape
  /// Where the convolution asked for has stride 4.
  private let phases: StridePhases?
  let transform: WinogradTransform
  let kernels: KernelTable
  let pool: ThreadPool

  /// - Returns: nil when the method does not apply: it needs a square filter with stride 1 or 4
  ///   and whole channel blocks per group.
  init?(
    spec: ConvolutionSpec, input: Shape, output: Shape, tileOutputs: Int, kernels: KernelTable,
    pool: ThreadPool
  ) {
    phases = StridePhases(spec: spec, input: input, output: output)
    self.spec = phases?.phasedSpec ?? spec
    self.input = phases?.phasedInput ?? input
    self.output = output
    guard Self.applies(to: self.spec, channels: self.input.c),
      let transform = WinogradTransform(outputs: tileOutputs, taps: self.spec.kernel.h)
    else { return nil }
    self.transform = transform
    self.kernels = kernels
    self.pool = pool
  }

  /// The output tiles that there are kernels for, for the stride-1 filter's taps.
  static func tileSizes(for spec: ConvolutionSpec) -> [Int] {
    let taps =
      spec.stride == .one
      ? spec.kernel.h : roundUp(spec.kernel.h, to: StridePhases.stride) / StridePhases.stride
    return (2...6).filter { WinogradTransform(outputs: $0, taps: taps) != nil }
  }

  /// Name of the output tile in a plan.
  var tileName: String { String(transform.outputs) }

  /// Of the products, edges counted.
  var multiplyAdds: Int {
    output.n * tilesH * tilesW * frequencies * (input.c / spec.groups) * spec.outputs
  }

  /// Square 3×3 and 5×5 filters, stride 1, whole channel blocks per group.
  private static func applies(to spec: ConvolutionSpec, channels: Int) -> Bool {
    let block = Layout.channelBlock
    return spec.kernel.h == spec.kernel.w && [3, 5].contains(spec.kernel.h)
      && spec.stride == .one && spec.dilation == .one
      && (channels / spec.groups) % block == 0
      && (spec.groups == 1 || (spec.outputs / spec.groups) % block == 0)
  }

  private var tilesH: Int { roundUp(output.h, to: transform.outputs) / transform.outputs }
  private var tilesW: Int { roundUp(output.w, to: transform.outputs) / transform.outputs }
  private var frequencies: Int { transform.size * transform.size }
  private var channelBlocks: Int { input.c / Layout.channelBlock }
  private var outputTiles: OutputTiles {
    OutputTiles(outputs: spec.outputs / spec.groups, tile: Int(kernels.output_tile))
  }

  /// How the work is cut so that what is in use stays in the second-level cache.
  private struct Blocking {
    /// Tiles that are transformed together.
    var tiles: Int
    /// Tiles that one item of the second launch covers.
    var part: Int
    /// Distance between frequencies of the transformed input; not a multiple of 4096 bytes, at
    /// which all of them would share one set of the first-level cache.
    var frequencyStride: Int
    var productsStride: Int
  }

  private var blocking: Blocking {
    let total = output.n * tilesH * tilesW
    let width = Int(kernels.output_tile)
    // Transformed tiles in all channels and their products with one output tile should stay in the
    // second-level cache beside the weights that stream through it, but fill two register tiles.
    let tileByteCount = frequencies * (channelBlocks * Layout.channelBlock + width) * 4
    let limit = max(
      CacheSizes.secondLevelByteCount * 5 / 8 / tileByteCount, 2 * Int(kernels.pixel_tile))
    let blocks = roundUp(total, to: limit) / limit
    let block = roundUp(total, to: blocks) / blocks
    var parts = 1
    let items = spec.groups * outputTiles.count
    // Enough items that no thread waits long for another.
    while pool.threadCount > 1, items * parts % pool.threadCount != 0,
      items * parts < 8 * pool.threadCount, block / (parts + 1) >= 4
    { parts += 1 }
    let part = roundUp(block, to: parts) / parts
    let stride = channelBlocks * block * Layout.channelBlock
    return Blocking(
      tiles: block, part: part, frequencyStride: stride + (stride / 16 % 2 == 0 ? 16 : 0),
      productsStride: part * width + 16)
  }

  func makeStep(_ context: BlockedPlanner.ConvolutionContext) -> KernelStep {
    let blocking = blocking
    let floor = context.floor
    let packed = PackedWeights(
      winograd: phases?.phasedWeights(context.weights) ?? context.weights, spec: spec,
      transform: transform, tile: outputTiles.width, pool: pool)
    let phasedCount = phases == nil ? 0 : Layout.blocked.elementCount(of: input)
    let scratchCount = frequencies * Layout.channelBlock
    let inputCount = frequencies * blocking.frequencyStride
    let productsCount = frequencies * blocking.productsStride
    let (m, r) = (transform.outputs, transform.taps)
    var info = StepInfo(
      kind: .convolution, nodes: context.nodes,
      inputs: [
        Operand(value: context.node.inputs[0], layout: phases == nil ? .blocked : .nchw)
      ],
      outputs: [Operand(value: context.outputValue, layout: .blocked)],
      implementation: "f32-conv-winograd-f\(m)x\(m)r\(r)x\(r)-\(kernels.isaName)",
      kernelID: kernels.isaName, isa: kernels.isaName)
    info.tile = "F(\(m)x\(m),\(r)x\(r))"
    info.errorAmplification = transform.errorAmplification(
      channels: input.c / spec.groups)
    info.errorTile = m
    info.workspaceByteCount =
      (inputCount + pool.threadCount * (scratchCount + productsCount) + phasedCount) * 4
    info.weightByteCount = packed.byteCount
    let coefficients = (
      input: Tensor(values: transform.inputCoefficients),
      output: Tensor(values: transform.outputCoefficients)
    )
    return KernelStep(info) { bindings in
      let transformed = bindings.workspace.assumingMemoryBound(to: Float.self)
      let scratch = transformed + inputCount
      let products = scratch + pool.threadCount * scratchCount
      let total = output.n * tilesH * tilesW
      var launches: [KernelLaunch] = []
      var source = UnsafePointer(bindings.inputs[0])
      if let phases {
        let phased = products + pool.threadCount * productsCount
        launches.append(phases.launch(kernels, on: pool, from: source, to: phased))
        source = UnsafePointer(phased)
      }
      var first = 0
      while first < total {
        let count = min(blocking.tiles, total - first)
        launches.append(
          KernelLaunch(kernels.winograd_input, on: pool, phase: .inputTransform) { thread in
            inputArguments(
              from: source, first: first, count: count, blocking: blocking, thread: thread,
              to: transformed, coefficients: coefficients.input.pointer,
              scratch: scratch + thread * scratchCount)
          })
        launches.append(
          KernelLaunch(
            kernels.winograd_output, on: pool, phases: (.gemm, .outputTransform)
          ) { thread, ticks in
            outputArguments(
              bindings, first: first, count: count, blocking: blocking, thread: thread,
              input: transformed, packed: packed, coefficients: coefficients.output.pointer,
              scratch: scratch + thread * scratchCount,
              products: products + thread * productsCount, floor: floor, ticks: ticks)
          })
        first += count
      }
      return launches
    }
  }

  private func inputArguments(
    from source: UnsafePointer<Float>, first: Int, count: Int, blocking: Blocking, thread: Int,
    to target: UnsafeMutablePointer<Float>, coefficients: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) -> WinogradInputArguments {
    let share = pool.share(of: channelBlocks * count, thread: thread)
    let plane = input.h * input.w * Layout.channelBlock
    return WinogradInputArguments(
      input: source, output: target, coefficients: coefficients,
      scratch: scratch, alpha: Int32(transform.size), tile_step: Int32(transform.outputs),
      input_h: Int32(input.h), input_w: Int32(input.w), pad_h: Int32(spec.pad.h),
      pad_w: Int32(spec.pad.w), tiles_h: Int32(tilesH), tiles_w: Int32(tilesW),
      first_tile: Int32(first), tile_count: Int32(count), channel_blocks: Int32(channelBlocks),
      input_image_stride: Int64(channelBlocks * plane), input_block_stride: Int64(plane),
      frequency_stride: Int64(blocking.frequencyStride),
      block_stride: Int64(blocking.tiles * Layout.channelBlock),
      first_item: Int64(share.lowerBound), last_item: Int64(share.upperBound))
  }

  private func outputArguments(
    _ bindings: Bindings, first: Int, count: Int, blocking: Blocking, thread: Int,
    input source: UnsafePointer<Float>, packed: PackedWeights,
    coefficients: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>,
    products: UnsafeMutablePointer<Float>, floor: Float, ticks: UnsafeMutablePointer<Int64>?
  ) -> WinogradOutputArguments {
    let block = Layout.channelBlock
    let parts = roundUp(count, to: blocking.part) / blocking.part
    let share = pool.share(of: spec.groups * outputTiles.count * parts, thread: thread)
    let groupBlocks = channelBlocks / spec.groups
    let plane = output.h * output.w * block
    let outputBlocks = spec.groups * roundUp(spec.outputs / spec.groups, to: block) / block
    return WinogradOutputArguments(
      input: source, weights: UnsafePointer(packed.weights.pointer),
      bias: UnsafePointer(packed.bias.pointer), products: products, output: bindings.outputs[0],
      coefficients: coefficients, scratch: scratch, floor: floor, alpha: Int32(transform.size),
      tile_outputs: Int32(transform.outputs), output_h: Int32(output.h),
      output_w: Int32(output.w), tiles_h: Int32(tilesH), tiles_w: Int32(tilesW),
      first_tile: Int32(first), tile_count: Int32(count), groups: Int32(spec.groups),
      tiles_per_group: Int32(outputTiles.count),
      outputs_per_group: Int32(spec.outputs / spec.groups), channel_blocks: Int32(groupBlocks),
      channels_per_block: Int32(block),
      frequency_stride: Int64(blocking.frequencyStride),
      group_stride: Int64(groupBlocks * blocking.tiles * block),
      block_stride: Int64(blocking.tiles * block), output_image_stride: Int64(outputBlocks * plane),
      output_block_stride: Int64(plane), products_frequency_stride: Int64(blocking.productsStride),
      tile_part: Int32(blocking.part), first_item: Int64(share.lowerBound),
      last_item: Int64(share.upperBound), ticks: ticks)
  }
}

extension Tensor {
  /// A one-dimensional blob.
  fileprivate init(values: [Float]) { self.init(Shape([values.count]), values: values) }
}
