import Execution
import KernelInterface
import Networks
import Tensors

/// Convolution by im2col and our own GEMM, one product per image and group as by a BLAS: the image
/// unfolded, its column panels packed, then multiplied by weights packed once.
final class PanelConvolution: Step {
  let info: StepInfo
  private let unfolding: Unfolding
  private let plan: PanelPlan
  private let packed: PackedPanels
  private let strips: PanelStrips
  private let scratch: ScratchRows
  /// Floats of the column matrix, up to the next cache line.
  private let matrixCount: Int
  private let kernels: KernelTable
  private let pool: ThreadPool
  // One call per image.
  private var unfold: PoolJob<Im2colArguments>?
  private var pack: PoolJob<PackColumnsArguments>?
  private var multiply: PoolJob<PanelProductArguments>?

  private var imageCount: Int { unfolding.input.n }

  init(
    _ spec: ConvolutionSpec, _ index: Int, in graph: Graph, weights: LayerWeights,
    options: CompileOptions
  ) {
    kernels = options.kernels
    pool = options.pool
    unfolding = Unfolding(spec, graph.nodes[index], in: graph)
    plan = PanelPlan(
      groups: spec.groups, rows: spec.outputs / spec.groups,
      depth: unfolding.rowCount / spec.groups, columns: unfolding.pixelCount, kernels: kernels)
    packed = PackedPanels(weights, plan: plan)
    strips = PanelStrips(plan, threadCount: pool.threadCount)
    scratch = ScratchRows(count: Int(kernels.pixel_tile * kernels.output_tile))
    var info = StepInfo(
      rowMajor: index, in: graph,
      implementation: "f32-conv-\(unfolding.isNeeded ? "im2col-" : "")gemm-\(plan.tileName)"
        + "-\(kernels.isaName)",
      kernelID: kernels.isaName, isa: kernels.isaName)
    info.tile = plan.tileName
    info.weightByteCount = packed.byteCount
    matrixCount = roundUp(unfolding.floatCount, to: 16)
    info.workspaceByteCount =
      scratch.byteCount(threadCount: pool.threadCount)
      + (matrixCount + plan.packedColumnCount) * MemoryLayout<Float>.stride
    // The matrix, then the same packed.
    info.addIntermediate(
      floatCount: unfolding.input.n
        * (unfolding.floatCount + unfolding.rowCount * unfolding.pixelCount))
    self.info = info
  }

  func bind(_ bindings: Bindings) {
    let x = UnsafePointer(bindings.inputs[0])
    let y = bindings.outputs[0]
    // The workspace: scratch tiles of all threads, the column matrix, the same packed.
    let matrix = (bindings.workspace + scratch.byteCount(threadCount: pool.threadCount))
      .assumingMemoryBound(to: Float.self)
    let packedColumns = matrix + matrixCount
    unfold = unfolding.job(on: pool, from: x, into: matrix, output: y, bias: nil)
    pack = PoolJob(pool: pool, function: kernels.pack_columns, callCount: imageCount) {
      image, share in
      let items = share.range(of: plan.packingItemCount)
      let image = x + image * unfolding.input.countPerImage
      return PackColumnsArguments(
        input: unfolding.isNeeded ? UnsafePointer(matrix) : image, output: packedColumns,
        depth: Int32(plan.depth), columns: Int32(plan.columns),
        depth_blocks: Int32(plan.depthBlockCount), first_item: Int64(items.lowerBound),
        last_item: Int64(items.upperBound))
    }
    multiply = PoolJob(pool: pool, function: kernels.panel_product, callCount: imageCount) {
      image, share in
      let strips = strips.of(share)
      return PanelProductArguments(
        weights: UnsafePointer(packed.weights.pointer),
        packed_columns: UnsafePointer(packedColumns), bias: UnsafePointer(packed.bias.pointer),
        output: y + image * unfolding.output.countPerImage,
        scratch: scratch.row(share, in: bindings.workspace), rows: Int32(plan.rows),
        depth: Int32(plan.depth), columns: Int32(plan.columns),
        row_panels: Int32(plan.rowPanels.count), depth_blocks: Int32(plan.depthBlockCount),
        strips: strips.start, strip_count: Int32(strips.count))
    }
  }

  func run() { run(clock: nil) }

  func run(timing clock: PhaseClock) { run(clock: clock) }

  private func run(clock: PhaseClock?) {
    guard let pack, let multiply else {
      preconditionFailure("\(info.implementation) is not bound")
    }
    for image in 0..<imageCount {
      var start = clock?.now ?? 0
      func end(_ phase: Phase) {
        guard let clock else { return }
        clock.add(phase, since: start)
        start = clock.now
      }
      unfold?.run(call: image)
      if unfolding.isNeeded { end(.im2col) }
      pack.run(call: image)
      end(.pack)
      multiply.run(call: image)
      end(.gemm)
    }
  }
}
