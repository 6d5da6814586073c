import Execution
import KernelInterface
import Networks
import Tensors

/// The layers that are one pass over a blob: ReLU, pooling, LRN, softmax, and reorders.
struct LayerSteps {
  let graph: Graph
  let kernels: KernelTable
  let pool: ThreadPool

  private func info(_ nodes: [Int], _ operation: String, layout: Layout) -> StepInfo {
    StepInfo(
      nodes: nodes, in: graph, from: layout, to: layout,
      implementation: "f32-\(operation)-\(kernels.isaName)", kernelID: kernels.isaName,
      isa: kernels.isaName)
  }

  func relu(_ index: Int, _ spec: ReLUSpec) -> KernelStep {
    let shape = graph.inputShape(of: graph.nodes[index])
    let layout = Layout.native(for: shape)
    var info = info([index], "relu-vector", layout: layout)
    info.canRunInPlace = true
    // Whole cache lines per thread, so that no two write the same one.
    let count = layout.elementCount(of: shape)
    let lines = roundUp(count, to: 16) / 16
    return KernelStep(info) { bindings in
      [
        KernelLaunch(kernels.rectify, on: pool, phase: .rest) { thread in
          let share = pool.share(of: lines, thread: thread)
          let first = share.lowerBound * 16
          return RectifyArguments(
            input: UnsafePointer(bindings.inputs[0] + first), output: bindings.outputs[0] + first,
            count: Int64(max(0, min(count, share.upperBound * 16) - first)),
            negative_slope: spec.negativeSlope)
        }
      ]
    }
  }

  func pooling(_ index: Int, _ spec: PoolingSpec) -> KernelStep {
    let geometry = PoolingGeometry(spec, graph.nodes[index], in: graph)
    let info = info([index], geometry.operation, layout: .blocked)
    return KernelStep(info) { bindings in
      [
        KernelLaunch(kernels.pooling, on: pool, phase: .rest) { thread in
          geometry.arguments(bindings, pool.share(of: geometry.rowCount, thread: thread))
        }
      ]
    }
  }

  func lrn(_ index: Int, _ spec: LRNSpec) -> KernelStep {
    let geometry = NormalizationGeometry(spec, graph.nodes[index], in: graph)
    var info = info([index], "lrn-vector", layout: .blocked)
    info.canRunInPlace = true
    info.workspaceByteCount = geometry.scratchCount * pool.threadCount * 4
    return KernelStep(info) { bindings in
      let scratch = bindings.workspace.assumingMemoryBound(to: Float.self)
      return [
        KernelLaunch(kernels.normalization, on: pool, phase: .rest) { thread in
          geometry.arguments(
            bindings, pool.share(of: geometry.itemCount, thread: thread),
            scratch: scratch + thread * geometry.scratchCount)
        }
      ]
    }
  }

  /// Normalisation and pooling, in the order of the nodes, in one pass over rows.
  func stageTail(_ nodes: [Int], _ lrn: LRNSpec, _ pooling: PoolingSpec) -> KernelStep {
    let normalizesFirst = graph.nodes[nodes[0]].layer.spec.kind == .lrn
    let (norm, pool) = normalizesFirst ? (nodes[0], nodes[1]) : (nodes[1], nodes[0])
    let normalization = NormalizationGeometry(lrn, graph.nodes[norm], in: graph)
    let window = PoolingGeometry(pooling, graph.nodes[pool], in: graph)
    let names = normalizesFirst ? "lrn-\(window.operation)" : "\(window.operation)-lrn"
    var info = info(nodes, "\(names)-rows", layout: .blocked)
    let rowCount = roundUp(
      normalizesFirst ? window.windowFloatCount : window.rowFloatCount, to: 32)
    let perThread = normalization.scratchCount + rowCount
    info.workspaceByteCount = perThread * self.pool.threadCount * 4
    return KernelStep(info) { bindings in
      let workspace = bindings.workspace.assumingMemoryBound(to: Float.self)
      return [
        KernelLaunch(kernels.stage_tail, on: self.pool, phase: .rest) { thread in
          let scratch = workspace + thread * perThread
          let share = self.pool.share(of: window.imageRowCount, thread: thread)
          return StageTailArguments(
            pooling: window.arguments(bindings, share),
            normalization: normalization.arguments(bindings, 0..<0, scratch: scratch),
            normalizes_first: normalizesFirst ? 1 : 0, rows: scratch + normalization.scratchCount)
        }
      ]
    }
  }

  /// Over the last axis.
  func softmax(_ index: Int, _ spec: SoftmaxSpec) -> KernelStep {
    let axis = AxisSplit(graph.inputShape(of: graph.nodes[index]), axis: spec.axis)
    precondition(axis.inner == 1, "the kernel reads whole rows")
    var info = info([index], "softmax-vector", layout: .nchw)
    info.canRunInPlace = true
    return KernelStep(info) { bindings in
      [
        KernelLaunch(kernels.softmax, on: pool, phase: .rest) { thread in
          let share = pool.share(of: axis.outer, thread: thread)
          return SoftmaxArguments(
            input: UnsafePointer(bindings.inputs[0]), output: bindings.outputs[0],
            length: Int32(axis.count), first_row: Int32(share.lowerBound),
            last_row: Int32(share.upperBound))
        }
      ]
    }
  }

  /// A change of layout of one value.
  func reorder(_ value: Graph.ValueID, from: Layout, to: Layout) -> KernelStep {
    let info = StepInfo(
      reordering: value, in: graph, from: from, to: to,
      implementation: "f32-reorder-\(from)-\(to)-\(kernels.isaName)", kernelID: kernels.isaName,
      isa: kernels.isaName)
    var repack = Repack(graph.values[value].shape)
    repack.inputIsBlocked = from == .blocked
    repack.outputIsBlocked = to == .blocked
    return KernelStep(info) { [repack] bindings in
      [
        repack.launch(
          kernels, on: pool, phase: .reorder, from: UnsafePointer(bindings.inputs[0]),
          to: bindings.outputs[0])
      ]
    }
  }
}

/// A pooling layer as the kernels see it.
struct PoolingGeometry {
  private let spec: PoolingSpec
  private let input: Shape
  private let output: Shape

  init(_ spec: PoolingSpec, _ node: Graph.Node, in graph: Graph) {
    var spec = spec
    input = graph.inputShape(of: node)
    output = graph.outputShape(of: node)
    if spec.isGlobal {
      (spec.kernel, spec.stride, spec.pad) = (Extent(h: input.h, w: input.w), .one, .zero)
    }
    self.spec = spec
  }

  /// Name in the `implementation` column.
  var operation: String { spec.method == .max ? "maxpool-direct" : "avepool-direct" }

  private var blockCount: Int { roundUp(output.c, to: Layout.channelBlock) / Layout.channelBlock }
  /// Output rows of all channel blocks and images.
  var rowCount: Int { output.n * blockCount * output.h }
  /// Output rows of all images.
  var imageRowCount: Int { output.n * output.h }
  /// Floats of an output row in all channels.
  var rowFloatCount: Int { blockCount * output.w * Layout.channelBlock }
  /// Floats of the input rows under a window in all channels.
  var windowFloatCount: Int { blockCount * spec.kernel.h * input.w * Layout.channelBlock }

  func arguments(_ bindings: Bindings, _ share: Range<Int>) -> PoolingArguments {
    PoolingArguments(
      input: UnsafePointer(bindings.inputs[0]), output: bindings.outputs[0],
      input_h: Int32(input.h), input_w: Int32(input.w), output_h: Int32(output.h),
      output_w: Int32(output.w), kernel_h: Int32(spec.kernel.h), kernel_w: Int32(spec.kernel.w),
      stride_h: Int32(spec.stride.h), stride_w: Int32(spec.stride.w), pad_h: Int32(spec.pad.h),
      pad_w: Int32(spec.pad.w), is_average: spec.method == .average ? 1 : 0,
      first_item: Int64(share.lowerBound), last_item: Int64(share.upperBound))
  }
}

/// A local response normalisation across channels as the kernels see it.
struct NormalizationGeometry {
  private let spec: LRNSpec
  private let shape: Shape

  init(_ spec: LRNSpec, _ node: Graph.Node, in graph: Graph) {
    precondition(spec.region == .acrossChannels, "there is no kernel for LRN within a channel")
    self.spec = spec
    shape = graph.inputShape(of: node)
  }

  private var pixels: Int { shape.h * shape.w }
  /// Groups of pixels that are normalised together, of all images.
  var itemCount: Int { shape.n * (roundUp(pixels, to: Int(LRN_PIXELS)) / Int(LRN_PIXELS)) }
  /// Floats of a thread: sums of squares, and squares with zeros around.
  var scratchCount: Int {
    let channels = roundUp(shape.c, to: Layout.channelBlock)
    return roundUp(Int(LRN_PIXELS) * (2 * channels + 2 * (spec.size / 2)), to: 32)
  }

  func arguments(
    _ bindings: Bindings, _ share: Range<Int>, scratch: UnsafeMutablePointer<Float>
  ) -> NormalizationArguments {
    NormalizationArguments(
      input: UnsafePointer(bindings.inputs[0]), output: bindings.outputs[0], scratch: scratch,
      channels: Int32(shape.c), pixels: Int32(pixels), half_window: Int32(spec.size / 2),
      alpha_over_size: spec.alpha / Float(spec.size), k: spec.k, beta: spec.beta,
      first_item: Int64(share.lowerBound), last_item: Int64(share.upperBound))
  }
}

/// One change of layout: between row-major and blocked channels, with regrouping, padding and
/// stride phases. Describes itself before the memory is known.
struct Repack {
  var shape: Shape
  var inputIsBlocked = true
  var outputIsBlocked = true
  var inputGroups = 1
  var outputGroups = 1
  /// Zeros before the first column.
  var padW = 0
  /// Columns of the output, padding and phases included.
  var outputW: Int
  var phases = 1

  init(_ shape: Shape) {
    self.shape = shape
    outputW = shape.w
  }

  private var outputBlocks: Int {
    roundUp(shape.c / outputGroups, to: Layout.channelBlock) / Layout.channelBlock
  }

  /// Floats that the output occupies when it is blocked.
  var outputFloatCount: Int {
    shape.n * outputGroups * outputBlocks * shape.h * outputW * Layout.channelBlock
  }

  func launch(
    _ kernels: KernelTable, on pool: ThreadPool, phase: Phase = .pack,
    from input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>
  ) -> KernelLaunch {
    let items = shape.n * outputGroups * outputBlocks
    return KernelLaunch(kernels.repack, on: pool, phase: phase) { thread in
      let share = pool.share(of: items, thread: thread)
      return RepackArguments(
        input: input, output: output, input_is_blocked: inputIsBlocked ? 1 : 0,
        output_is_blocked: outputIsBlocked ? 1 : 0, input_groups: Int32(inputGroups),
        output_groups: Int32(outputGroups), images: Int32(shape.n), channels: Int32(shape.c),
        h: Int32(shape.h), w: Int32(shape.w), pad_h: 0, pad_w: Int32(padW),
        output_h: Int32(shape.h), output_w: Int32(outputW), phases: Int32(phases),
        first_item: Int64(share.lowerBound), last_item: Int64(share.upperBound))
    }
  }
}
