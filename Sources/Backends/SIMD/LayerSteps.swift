import Execution
import KernelInterface
import Networks
import Tensors

/// The layers that are one pass over a blob: ReLU, pooling, LRN, softmax, and reorders.
struct LayerSteps {
  let graph: Graph
  let kernels: KernelTable
  let pool: ThreadPool

  private func info(_ index: Int, _ operation: String, layout: Layout) -> StepInfo {
    let node = graph.nodes[index]
    return StepInfo(
      kind: node.layer.spec.kind, nodes: [index],
      inputs: [Operand(value: node.inputs[0], layout: layout)],
      outputs: [Operand(value: node.outputs[0], layout: layout)],
      implementation: "f32-\(operation)-\(kernels.isaName)", kernelID: kernels.isaName,
      isa: kernels.isaName)
  }

  func relu(_ index: Int, _ spec: ReLUSpec) -> KernelStep {
    let shape = graph.inputShape(of: graph.nodes[index])
    let layout = Layout.native(for: shape)
    var info = info(index, "relu-vector", layout: layout)
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
    let node = graph.nodes[index]
    let input = graph.inputShape(of: node)
    let output = graph.outputShape(of: node)
    let kernel = spec.isGlobal ? Extent(h: input.h, w: input.w) : spec.kernel
    let stride = spec.isGlobal ? .one : spec.stride
    let pad = spec.isGlobal ? .zero : spec.pad
    let planes = Layout.blocked.elementCount(of: output) / (output.h * output.w * 16)
    let info = info(
      index, spec.method == .max ? "maxpool-direct" : "avepool-direct", layout: .blocked)
    return KernelStep(info) { bindings in
      [
        KernelLaunch(kernels.pooling, on: pool, phase: .rest) { thread in
          let share = pool.share(of: planes * output.h, thread: thread)
          return PoolingArguments(
            input: UnsafePointer(bindings.inputs[0]), output: bindings.outputs[0],
            input_h: Int32(input.h), input_w: Int32(input.w), output_h: Int32(output.h),
            output_w: Int32(output.w), kernel_h: Int32(kernel.h), kernel_w: Int32(kernel.w),
            stride_h: Int32(stride.h), stride_w: Int32(stride.w), pad_h: Int32(pad.h),
            pad_w: Int32(pad.w), is_average: spec.method == .average ? 1 : 0,
            first_item: Int64(share.lowerBound), last_item: Int64(share.upperBound))
        }
      ]
    }
  }

  func lrn(_ index: Int, _ spec: LRNSpec) throws(BackendError) -> KernelStep {
    let layer = graph.nodes[index].layer
    guard spec.region == .acrossChannels else {
      throw .unsupported(layer: layer.name, reason: "LRN within a channel has no vector kernel")
    }
    guard spec.size % 2 == 1 else {
      throw .unsupported(layer: layer.name, reason: "LRN over an even number of channels")
    }
    let shape = graph.inputShape(of: graph.nodes[index])
    let blocks = roundUp(shape.c, to: Layout.channelBlock) / Layout.channelBlock
    let half = spec.size / 2
    let pixels = shape.h * shape.w
    let groups = roundUp(pixels, to: Int(LRN_PIXELS)) / Int(LRN_PIXELS)
    let scratchCount = roundUp(
      Int(LRN_PIXELS) * (blocks * Layout.channelBlock + 2 * half), to: 32)
    var info = info(index, "lrn-vector", layout: .blocked)
    info.canRunInPlace = true
    info.workspaceByteCount = scratchCount * pool.threadCount * 4
    return KernelStep(info) { bindings in
      let scratch = bindings.workspace.assumingMemoryBound(to: Float.self)
      return [
        KernelLaunch(kernels.normalization, on: pool, phase: .rest) { thread in
          let share = pool.share(of: shape.n * groups, thread: thread)
          return NormalizationArguments(
            input: UnsafePointer(bindings.inputs[0]), output: bindings.outputs[0],
            scratch: scratch + thread * scratchCount, channels: Int32(shape.c),
            pixels: Int32(pixels), half_window: Int32(half),
            alpha_over_size: spec.alpha / Float(spec.size), k: spec.k, beta: spec.beta,
            first_item: Int64(share.lowerBound), last_item: Int64(share.upperBound))
        }
      ]
    }
  }

  func softmax(_ index: Int, _ spec: SoftmaxSpec) throws(BackendError) -> KernelStep {
    let shape = graph.inputShape(of: graph.nodes[index])
    guard shape.rank == 2, spec.axis == 1 else {
      throw .unsupported(
        layer: graph.nodes[index].layer.name,
        reason: "softmax over axis \(spec.axis) of \(shape) has no vector kernel, only over rows")
    }
    var info = info(index, "softmax-vector", layout: .nchw)
    info.canRunInPlace = true
    return KernelStep(info) { bindings in
      [
        KernelLaunch(kernels.softmax, on: pool, phase: .rest) { thread in
          let share = pool.share(of: shape.n, thread: thread)
          return SoftmaxArguments(
            input: UnsafePointer(bindings.inputs[0]), output: bindings.outputs[0],
            length: Int32(shape.c), first_row: Int32(share.lowerBound),
            last_row: Int32(share.upperBound))
        }
      ]
    }
  }

  /// A change of layout of one value.
  func reorder(_ value: Graph.ValueID, from: Layout, to: Layout) -> KernelStep {
    let info = StepInfo(
      kind: .reorder, nodes: [], inputs: [Operand(value: value, layout: from)],
      outputs: [Operand(value: value, layout: to)],
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
