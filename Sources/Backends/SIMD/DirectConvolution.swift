import Execution
import KernelInterface
import Networks
import Tensors

/// Direct convolution as a step: how the kernels see the problem, and what has to be copied before
/// and after for shapes that they cannot read or write in place.
struct DirectConvolution {
  let spec: ConvolutionSpec
  let input: Shape
  let output: Shape
  let kernels: KernelTable
  private let path: Path
  private let tiling: PixelTiling
  /// Blocked output with a group's channels split over blocks: the kernel writes groups apart.
  private let regroupsOutput: Bool

  private enum Path {
    /// Row-major input with few channels and stride 4, without padding: AlexNet's conv1.
    case planar
    /// Blocked input as it is, padding skipped.
    case blocked
    /// Blocked input copied first: padded, regrouped, columns split into stride phases.
    case repacked(Repack)
  }

  init(spec: ConvolutionSpec, input: Shape, output: Shape, kernels: KernelTable) {
    self.spec = spec
    self.input = input
    self.output = output
    self.kernels = kernels
    let groupOutputs = spec.outputs / spec.groups
    let groupChannels = input.c / spec.groups
    let block = Layout.channelBlock
    regroupsOutput = spec.groups > 1 && groupOutputs % block != 0
    if spec.groups == 1, input.c <= 4, spec.stride.w == 4, spec.pad == .zero,
      spec.dilation == .one, spec.kernel.w <= input.w
    {
      path = .planar
      tiling = PixelTiling(planar: kernels, outputs: output.w, stride: 4)
      return
    }
    if spec.stride.w == 1, spec.groups == 1 || groupChannels % block == 0,
      let skipping = PixelTiling(
        skipping: kernels, outputs: output.w, inputs: input.w, taps: spec.kernel.w,
        dilation: spec.dilation.w, pad: spec.pad.w)
    {
      path = .blocked
      tiling = skipping
      return
    }
    var repack = Repack(input)
    repack.outputGroups = spec.groups
    repack.padW = spec.pad.w
    repack.phases = spec.stride.w
    let columns = (output.w - 1) * spec.stride.w + (spec.kernel.w - 1) * spec.dilation.w + 1
    repack.outputW = roundUp(columns, to: spec.stride.w)
    path = .repacked(repack)
    tiling = PixelTiling(
      padded: kernels, outputs: output.w, taps: spec.kernel.w, dilation: spec.dilation.w,
      phases: spec.stride.w, phaseWidth: repack.outputW / spec.stride.w)
  }

  /// What the kernel reads without a reorder.
  var inputLayout: Layout {
    if case .planar = path { .nchw } else { .blocked }
  }

  private var isPlanar: Bool { inputLayout == .nchw }

  private var repackedFloatCount: Int {
    if case .repacked(let repack) = path {
      roundUp(repack.outputFloatCount, to: 16) + 16
    } else {
      0
    }
  }

  private var outputRepack: Repack? {
    guard regroupsOutput else { return nil }
    var repack = Repack(output)
    repack.inputGroups = spec.groups
    return repack
  }

  private var groupedOutputFloatCount: Int {
    guard regroupsOutput else { return 0 }
    let blocks = roundUp(spec.outputs / spec.groups, to: Layout.channelBlock)
    return output.n * spec.groups * blocks * output.h * output.w
  }

  /// The step for graph nodes `nodes`, the first being the convolution.
  /// - Parameter floor: outputs below are raised to it: 0 is ReLU, −∞ nothing.
  func makeStep(
    _ nodes: [Int], in graph: Graph, weights: LayerWeights, floor: Float, pool: ThreadPool
  ) -> KernelStep {
    let tile = Int(kernels.output_tile)
    let packed = PackedWeights(convolution: weights, spec: spec, tile: tile, planar: isPlanar)
    var info = StepInfo(
      nodes: nodes, in: graph, from: inputLayout, to: .blocked,
      implementation: "f32-conv-direct-\(tiling.width)x\(tile)-\(kernels.isaName)",
      kernelID: kernels.isaName, isa: kernels.isaName)
    info.tile = "\(tiling.width)x\(tile)"
    info.workspaceByteCount = (repackedFloatCount + groupedOutputFloatCount) * 4
    // Copies before and after.
    if repackedFloatCount > 0 { info.addIntermediate(floatCount: input.count) }
    if regroupsOutput { info.addIntermediate(floatCount: output.count) }
    info.weightByteCount = packed.byteCount
    let storage = PixelTilingStorage(tiling)
    return KernelStep(info) { bindings in
      launches(bindings, packed: packed, tiling: storage, floor: floor, pool: pool)
    }
  }

  private func launches(
    _ bindings: Bindings, packed: PackedWeights, tiling: PixelTilingStorage, floor: Float,
    pool: ThreadPool
  ) -> [KernelLaunch] {
    var launches: [KernelLaunch] = []
    let workspace = bindings.workspace.assumingMemoryBound(to: Float.self)
    var source = UnsafePointer(bindings.inputs[0])
    if case .repacked(let repack) = path {
      launches.append(repack.launch(kernels, on: pool, from: source, to: workspace))
      source = UnsafePointer(workspace)
    }
    let grouped = workspace + repackedFloatCount
    let target = regroupsOutput ? grouped : bindings.outputs[0]
    let tiles = OutputTiles(outputs: spec.outputs / spec.groups, tile: Int(kernels.output_tile))
    let items = spec.groups * tiles.count * output.n * output.h
    let function = isPlanar ? kernels.convolution_four : kernels.convolution_block
    let whole = arguments(
      input: source, output: target, packed: packed, tiling: tiling, tiles: tiles, floor: floor)
    launches.append(
      KernelLaunch(function, on: pool, phase: .gemm) { thread in
        let share = pool.share(of: items, thread: thread)
        var arguments = whole
        arguments.first_item = Int64(share.lowerBound)
        arguments.last_item = Int64(share.upperBound)
        return arguments
      })
    if let outputRepack {
      launches.append(
        outputRepack.launch(
          kernels, on: pool, from: UnsafePointer(grouped), to: bindings.outputs[0]))
    }
    return launches
  }

  /// The whole problem; each thread gets a copy with its share of the items.
  private func arguments(
    input source: UnsafePointer<Float>, output target: UnsafeMutablePointer<Float>,
    packed: PackedWeights, tiling: PixelTilingStorage, tiles: OutputTiles, floor: Float
  ) -> ConvolutionArguments {
    let block = Layout.channelBlock
    let groupChannels = input.c / spec.groups
    let groupOutputs = spec.outputs / spec.groups
    let pixel = isPlanar ? 1 : block
    var rowWidth = input.w
    if case .repacked(let repack) = path { rowWidth = repack.outputW }
    let plane = input.h * rowWidth * pixel
    let groupBlocks = isPlanar ? groupChannels : roundUp(groupChannels, to: block) / block
    let outputPlane = output.h * output.w * block
    let groupOutputBlocks = roundUp(groupOutputs, to: block) / block
    return ConvolutionArguments(
      input: source, weights: UnsafePointer(packed.weights.pointer),
      bias: UnsafePointer(packed.bias.pointer), output: target, floor: floor, first_item: 0,
      last_item: 0, tiles_per_group: Int32(tiles.count), images: Int32(output.n),
      output_rows: Int32(output.h), input_image_stride: Int64(spec.groups * groupBlocks * plane),
      input_group_stride: Int64(groupBlocks * plane), input_block_stride: Int64(plane),
      input_row_stride: Int64(rowWidth * pixel),
      output_image_stride: Int64(spec.groups * groupOutputBlocks * outputPlane),
      output_group_stride: Int64(groupOutputBlocks * outputPlane),
      output_block_stride: Int64(outputPlane), output_row_stride: Int64(output.w * block),
      output_pixel_stride: Int64(block), channel_blocks: Int32(groupBlocks),
      channels_per_block: Int32(isPlanar ? spec.kernel.w : block), taps_r: Int32(spec.kernel.h),
      taps_s: Int32(isPlanar ? 1 : spec.kernel.w), stride_h: Int32(spec.stride.h),
      dilation_h: Int32(spec.dilation.h), pad_h: Int32(spec.pad.h), input_rows: Int32(input.h),
      outputs_per_group: Int32(groupOutputs), pixel_tiles: UnsafePointer(tiling.tiles),
      pixel_tile_count: tiling.tileCount, tap_runs: UnsafePointer(tiling.runs))
  }
}
