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
