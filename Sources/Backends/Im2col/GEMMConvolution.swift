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
  private let unfolding: Unfolding
  private let weights: LayerWeights
  private let library: BLASLibrary
  private let pool: ThreadPool
  private var bindings: (x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>)?
  private var columns: UnsafePointer<Float>?
  private var preparation: PoolJob<Im2colArguments>?

  init(
    _ spec: ConvolutionSpec, _ index: Int, in graph: Graph, weights: LayerWeights,
    library: BLASLibrary, pool: ThreadPool
  ) {
    self.weights = weights
    self.library = library
    self.pool = pool
    unfolding = Unfolding(spec, graph.nodes[index], in: graph)
    let identity = library.identity
    var info = StepInfo(
      rowMajor: index, in: graph,
      implementation:
        "f32-conv-\(unfolding.isNeeded ? "im2col-" : "")sgemm-\(identity.kernelID)",
      kernelID: identity.kernelID, isa: identity.isa)
    info.weightByteCount = weights.byteCount
    info.workspaceByteCount = unfolding.floatCount * MemoryLayout<Float>.stride
    info.addIntermediate(floatCount: unfolding.input.n * unfolding.floatCount)
    self.info = info
  }

  func bind(_ bindings: Bindings) {
    let x = UnsafePointer(bindings.inputs[0])
    let y = bindings.outputs[0]
    self.bindings = (x, y)
    let columns = bindings.workspace.assumingMemoryBound(to: Float.self)
    self.columns = unfolding.isNeeded ? UnsafePointer(columns) : nil
    preparation = unfolding.job(
      on: pool, from: x, into: columns, output: y,
      bias: weights.bias.map { UnsafePointer($0.pointer) })
  }

  func run() { run(clock: nil) }

  func run(timing clock: PhaseClock) { run(clock: clock) }

  private func run(clock: PhaseClock?) {
    guard let bindings else { preconditionFailure("\(info.implementation) is not bound") }
    library.useThreads(pool.threadCount)
    let groups = unfolding.spec.groups
    let m = unfolding.output.c / groups
    let k = unfolding.rowCount / groups
    let n = unfolding.pixelCount
    for image in 0..<unfolding.input.n {
      var start = clock?.now ?? 0
      preparation?.run(call: image)
      clock?.add(unfolding.isNeeded ? .im2col : .rest, since: start)
      start = clock?.now ?? 0
      let matrix = columns ?? bindings.x + image * groups * k * n
      for g in 0..<groups {
        library.sgemm(
          CBLAS.rowMajor, CBLAS.asIs, CBLAS.asIs, Int32(m), Int32(n), Int32(k), 1,
          weights.weight.pointer + g * m * k, Int32(k), matrix + g * k * n, Int32(n),
          weights.bias == nil ? 0 : 1, bindings.y + (image * groups + g) * m * n, Int32(n))
      }
      clock?.add(.gemm, since: start)
    }
  }
}
