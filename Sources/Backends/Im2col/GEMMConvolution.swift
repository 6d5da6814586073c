import CSupport
import Execution
import Networks
import Tensors

/// Convolution by im2col and one GEMM per image and group:
/// Y[K∕G × P·Q] = W[K∕G × C∕G·R·S] · X[C∕G·R·S × P·Q].
///
/// A 1×1 kernel with stride 1 and no padding multiplies the image as it lies.
final class GEMMConvolution: Step {
  let info: StepInfo
  private let spec: ConvolutionSpec
  private let weights: LayerWeights
  private let library: BLASLibrary
  private let pool: ThreadPool
  private let input: Shape
  private let output: Shape
  private let unfolds: Bool
  /// Rows of the column matrix of one image, all groups: C·R·S.
  private let rowCount: Int
  /// Columns of it: P·Q.
  private let pixelCount: Int
  private var bindings: (x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>)?
  private var columns: UnsafePointer<Float>?
  /// im2col and bias, one call per image; nil when there is neither.
  private var preparation: PoolJob<Im2colArguments>?

  init(
    _ spec: ConvolutionSpec, _ index: Int, in graph: Graph, weights: LayerWeights,
    library: BLASLibrary, pool: ThreadPool
  ) {
    self.spec = spec
    self.weights = weights
    self.library = library
    self.pool = pool
    input = graph.inputShape(of: graph.nodes[index])
    output = graph.outputShape(of: graph.nodes[index])
    unfolds = !(spec.kernel == .one && spec.stride == .one && spec.pad == .zero)
    rowCount = input.c * spec.kernel.h * spec.kernel.w
    pixelCount = output.h * output.w
    let identity = library.identity
    var info = StepInfo(
      rowMajor: index, in: graph,
      implementation: "f32-conv-\(unfolds ? "im2col-" : "")sgemm-\(identity.kernelID)",
      kernelID: identity.kernelID, isa: identity.isa)
    info.weightByteCount = weights.byteCount
    info.workspaceByteCount =
      unfolds ? rowCount * pixelCount * MemoryLayout<Float>.stride : 0
    self.info = info
  }

  func bind(_ bindings: Bindings) {
    let x = UnsafePointer(bindings.inputs[0])
    let y = bindings.outputs[0]
    self.bindings = (x, y)
    let columns =
      unfolds ? bindings.workspace.bindMemory(to: Float.self, capacity: rowCount * pixelCount) : nil
    self.columns = columns.map { UnsafePointer($0) }
    guard unfolds || weights.bias != nil else { return }
    preparation = PoolJob(pool: pool, function: im2col, callCount: input.n) { image, share in
      let rows = share.range(of: rowCount)
      let outputs = share.range(of: output.c)
      return Im2colArguments(
        x: x + image * input.countPerImage, columns: columns, firstRow: rows.lowerBound,
        rowCount: rows.count, input: Extent(h: input.h, w: input.w),
        output: Extent(h: output.h, w: output.w), kernel: spec.kernel, stride: spec.stride,
        pad: spec.pad, dilation: spec.dilation, y: y + image * output.countPerImage,
        bias: weights.bias.map { UnsafePointer($0.pointer) }, firstOutput: outputs.lowerBound,
        outputCount: outputs.count)
    }
  }

  func run() { run(clock: nil) }

  func run(timing clock: PhaseClock) { run(clock: clock) }

  private func run(clock: PhaseClock?) {
    guard let bindings else { preconditionFailure("\(info.implementation) is not bound") }
    library.useThreads(pool.threadCount)
    let m = output.c / spec.groups
    let k = rowCount / spec.groups
    let n = pixelCount
    for image in 0..<input.n {
      var start = clock?.now ?? 0
      preparation?.run(call: image)
      clock?.add(unfolds ? .im2col : .rest, since: start)
      start = clock?.now ?? 0
      let matrix = columns ?? bindings.x + image * rowCount * n
      for g in 0..<spec.groups {
        library.sgemm(
          CBLAS.rowMajor, CBLAS.asIs, CBLAS.asIs, Int32(m), Int32(n), Int32(k), 1,
          weights.weight.pointer + g * m * k, Int32(k), matrix + g * k * n, Int32(n),
          weights.bias == nil ? 0 : 1, bindings.y + (image * output.c + g * m) * n, Int32(n))
      }
      clock?.add(.gemm, since: start)
    }
  }
}
