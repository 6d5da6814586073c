import CSupport
import Execution
import Networks
import Tensors

/// Backward of a convolution as Caffe does it, one GEMM per image and group, with dX, dY and dW the gradients
/// of input, output and weight:
///
/// - data: X'[C∕G·R·S × P·Q] = Wᵀ[C∕G·R·S × K∕G] · dY[K∕G × P·Q], folded back into dX (col2im);
/// - weights: dW[K∕G × C∕G·R·S] += dY[K∕G × P·Q] · Xᵀ[P·Q × C∕G·R·S], of the unfolded input (im2col), and
///   the sums of dY as the gradient of the bias.
final class GEMMConvolutionGradient: Step {
  let info: StepInfo
  private let unfolding: Unfolding
  /// Of the data's gradient; nil for that of the weights.
  private let weights: LayerWeights?
  private let library: BLASLibrary
  private let pool: ThreadPool
  private var bindings: Bindings?
  private var columns: UnsafeMutablePointer<Float>?
  private var unfold: PoolJob<Im2colArguments>?
  private var fold: PoolJob<FoldArguments>?
  private var addUp: PoolJob<RowSumArguments>?

  /// - Parameter weights: nil for a `backward_weights` node.
  init(
    _ spec: ConvolutionSpec, _ index: Int, in graph: Graph, weights: LayerWeights?,
    library: BLASLibrary, pool: ThreadPool
  ) {
    self.weights = weights
    self.library = library
    self.pool = pool
    unfolding = Unfolding(spec, graph.nodes[index], in: graph)
    let identity = library.identity
    let folding = !unfolding.isNeeded ? "" : weights == nil ? "im2col-" : "col2im-"
    var info = StepInfo(
      rowMajor: index, in: graph,
      implementation:
        "f32-conv-\(weights == nil ? "weights" : "data")-\(folding)sgemm-\(identity.kernelID)",
      kernelID: identity.kernelID, isa: identity.isa)
    info.weightByteCount = weights?.byteCount ?? 0
    info.workspaceByteCount = unfolding.floatCount * MemoryLayout<Float>.stride
    info.addIntermediate(floatCount: unfolding.input.n * unfolding.floatCount)
    self.info = info
  }

  func bind(_ bindings: Bindings) {
    self.bindings = bindings
    let workspace = bindings.workspace.assumingMemoryBound(to: Float.self)
    columns = unfolding.isNeeded ? workspace : nil
    let dy = UnsafePointer(bindings.inputs[0])
    if weights != nil {
      fold = unfolding.isNeeded ? foldingJob(from: workspace, into: bindings.outputs[0]) : nil
    } else {
      // Nothing is written to the output of forward, which starts with no bias here.
      unfold = unfolding.job(
        on: pool, from: UnsafePointer(bindings.inputs[1]), into: workspace,
        output: bindings.outputs[0], bias: nil)
      addUp = bindings.outputs.count > 1 ? biasJob(dy, into: bindings.outputs[1]) : nil
    }
  }

  private func foldingJob(
    from columns: UnsafeMutablePointer<Float>, into dx: UnsafeMutablePointer<Float>
  ) -> PoolJob<FoldArguments> {
    let (input, output, spec) = (unfolding.input, unfolding.output, unfolding.spec)
    return PoolJob(pool: pool, function: col2im, callCount: input.n) { image, share in
      let channels = share.range(of: input.c)
      return FoldArguments(
        columns: UnsafePointer(columns), firstChannel: channels.lowerBound,
        channelCount: channels.count, input: Extent(h: input.h, w: input.w),
        output: Extent(h: output.h, w: output.w), kernel: spec.kernel, stride: spec.stride,
        pad: spec.pad, dilation: spec.dilation, dx: dx + image * input.countPerImage)
    }
  }

  private func biasJob(
    _ dy: UnsafePointer<Float>, into db: UnsafeMutablePointer<Float>
  ) -> PoolJob<RowSumArguments> {
    let output = unfolding.output
    return PoolJob(pool: pool, function: sumRows) { _, share in
      let rows = share.range(of: output.c)
      return RowSumArguments(
        dy: dy, rowStride: unfolding.pixelCount, count: unfolding.pixelCount,
        itemStride: output.countPerImage, itemCount: output.n, first: rows.lowerBound,
        rowCount: rows.count, db: db)
    }
  }

  func run() { run(clock: nil) }

  func run(timing clock: PhaseClock) { run(clock: clock) }

  private func run(clock: PhaseClock?) {
    guard let bindings else { preconditionFailure("\(info.implementation) is not bound") }
    library.useThreads(pool.threadCount)
    let groups = unfolding.spec.groups
    let outputs = Int32(unfolding.output.c / groups)
    let rows = Int32(unfolding.rowCount / groups)
    let pixels = Int32(unfolding.pixelCount)
    let groupOutputs = Int(outputs) * Int(pixels)
    let groupColumns = Int(rows) * Int(pixels)
    let groupWeights = Int(outputs) * Int(rows)
    for image in 0..<unfolding.input.n {
      let dy = bindings.inputs[0] + image * groups * groupOutputs
      if let weights {
        let start = clock?.now ?? 0
        let target = columns ?? bindings.outputs[0] + image * groups * groupColumns
        for g in 0..<groups {
          library.sgemm(
            CBLAS.rowMajor, CBLAS.transposed, CBLAS.asIs, rows, pixels, outputs, 1,
            weights.weight.pointer + g * groupWeights, rows, dy + g * groupOutputs, pixels, 0,
            target + g * groupColumns, pixels)
        }
        clock?.add(.gemm, since: start)
        let middle = clock?.now ?? 0
        fold?.run(call: image)
        clock?.add(.im2col, since: middle)
      } else {
        let start = clock?.now ?? 0
        unfold?.run(call: image)
        clock?.add(.im2col, since: start)
        let middle = clock?.now ?? 0
        let source = columns ?? bindings.inputs[1] + image * groups * groupColumns
        for g in 0..<groups {
          library.sgemm(
            CBLAS.rowMajor, CBLAS.asIs, CBLAS.transposed, outputs, rows, pixels, 1,
            dy + g * groupOutputs, pixels, source + g * groupColumns, pixels, image == 0 ? 0 : 1,
            bindings.outputs[0] + g * groupWeights, rows)
        }
        clock?.add(.gemm, since: middle)
      }
    }
    let start = clock?.now ?? 0
    addUp?.run()
    clock?.add(.rest, since: start)
  }
}

/// One thread's channels of an image to fold back.
private struct FoldArguments: BitwiseCopyable {
  /// C·R·S rows of P·Q.
  let columns: UnsafePointer<Float>
  let firstChannel: Int
  let channelCount: Int
  let input: Extent
  let output: Extent
  let kernel: Extent
  let stride: Extent
  let pad: Extent
  let dilation: Extent
  /// C×H×W.
  let dx: UnsafeMutablePointer<Float>
}

/// The inverse of ``im2col(_:)``: what an input was copied to, added up.
private func col2im(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: FoldArguments.self)
  for c in a.firstChannel..<a.firstChannel + a.channelCount {
    let plane = a.dx + c * a.input.h * a.input.w
    plane.update(repeating: 0, count: a.input.h * a.input.w)
    for r in 0..<a.kernel.h {
      for s in 0..<a.kernel.w {
        let row = (c * a.kernel.h + r) * a.kernel.w + s
        let offset = s * a.dilation.w - a.pad.w
        let inside = outputsInside(
          offset: offset, stride: a.stride.w, input: a.input.w, output: a.output.w)
        for p in 0..<a.output.h {
          let h = p * a.stride.h - a.pad.h + r * a.dilation.h
          guard h >= 0, h < a.input.h else { continue }
          let from = a.columns + (row * a.output.h + p) * a.output.w
          let out = plane + (h * a.input.w + offset)
          if a.stride.w == 1 {
            for q in inside { out[q] += from[q] }
          } else {
            for q in inside { out[q &* a.stride.w] += from[q] }
          }
        }
      }
    }
  }
}

/// One thread's rows to add up: row i of item m is `count` numbers from m · itemStride + i · rowStride on.
struct RowSumArguments: BitwiseCopyable {
  let dy: UnsafePointer<Float>
  let rowStride: Int
  let count: Int
  let itemStride: Int
  let itemCount: Int
  let first: Int
  let rowCount: Int
  let db: UnsafeMutablePointer<Float>
}

func sumRows(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: RowSumArguments.self)
  for row in a.first..<a.first + a.rowCount {
    var sum: Float = 0
    for item in 0..<a.itemCount {
      let values = a.dy + item * a.itemStride + row * a.rowStride
      // Of each item apart, which is nearer to the sum of all.
      var own: Float = 0
      for i in 0..<a.count { own += values[i] }
      sum += own
    }
    a.db[row] = sum
  }
}

/// Backward of a fully connected layer: dX[M×C] = dY[M×K] · W[K×C], by `sgemv` for a single row;
/// dW[K×C] = dYᵀ[K×M] · X[M×C], as C×K where the weight is transposed; db = Σ_m dY.
final class GEMMInnerProductGradient: Step {
  let info: StepInfo
  private let spec: InnerProductSpec
  private let weights: LayerWeights?
  private let library: BLASLibrary
  private let pool: ThreadPool
  private let items: Int
  private let count: Int
  private var bindings: Bindings?
  private var addUp: PoolJob<RowSumArguments>?

  /// - Parameter weights: K×C; nil for a `backward_weights` node.
  init(
    _ spec: InnerProductSpec, _ index: Int, in graph: Graph, weights: LayerWeights?,
    library: BLASLibrary, pool: ThreadPool
  ) {
    self.spec = spec
    self.weights = weights
    self.library = library
    self.pool = pool
    let input = graph.inputShape(of: graph.nodes[index])
    items = input.count(of: 0..<spec.axis)
    count = input.count(of: spec.axis..<input.rank)
    let identity = library.identity
    let call = weights != nil && items == 1 ? "sgemv" : "sgemm"
    var info = StepInfo(
      rowMajor: index, in: graph,
      implementation:
        "f32-fc-\(weights == nil ? "weights" : "data")-\(call)-\(identity.kernelID)",
      kernelID: identity.kernelID, isa: identity.isa)
    info.weightByteCount = weights?.byteCount ?? 0
    self.info = info
  }

  func bind(_ bindings: Bindings) {
    self.bindings = bindings
    guard weights == nil, bindings.outputs.count > 1 else { return }
    addUp = PoolJob(pool: pool, function: sumRows) { _, share in
      let rows = share.range(of: spec.outputs)
      return RowSumArguments(
        dy: UnsafePointer(bindings.inputs[0]), rowStride: 1, count: 1,
        itemStride: spec.outputs, itemCount: items, first: rows.lowerBound, rowCount: rows.count,
        db: bindings.outputs[1])
    }
  }

  func run() {
    guard let bindings else { preconditionFailure("\(info.implementation) is not bound") }
    library.useThreads(pool.threadCount)
    let (m, k, c) = (Int32(items), Int32(spec.outputs), Int32(count))
    let dy = bindings.inputs[0]
    let target = bindings.outputs[0]
    if let weights {
      if items == 1 {
        library.sgemv(
          CBLAS.rowMajor, CBLAS.transposed, k, c, 1, weights.weight.pointer, c, dy, 1, 0, target, 1)
      } else {
        library.sgemm(
          CBLAS.rowMajor, CBLAS.asIs, CBLAS.asIs, m, c, k, 1, dy, k, weights.weight.pointer, c, 0,
          target, c)
      }
      return
    }
    let x = bindings.inputs[1]
    if spec.isTransposed {
      library.sgemm(
        CBLAS.rowMajor, CBLAS.transposed, CBLAS.asIs, c, k, m, 1, x, c, dy, k, 0, target, k)
    } else {
      library.sgemm(
        CBLAS.rowMajor, CBLAS.transposed, CBLAS.asIs, k, c, m, 1, dy, k, x, c, 0, target, c)
    }
    addUp?.run()
  }
}
