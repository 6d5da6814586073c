import CSupport
import Execution
import Networks
import Tensors

/// Fully connected: Y[M×K] = X[M×C] · Wᵀ[C×K], by `sgemm`; a single row by `sgemv`, which libraries
/// do better than a GEMM of one row.
final class GEMMInnerProduct: Step {
  let info: StepInfo
  private let weights: LayerWeights
  private let library: BLASLibrary
  private let threadCount: Int
  private let items: Int
  private let outputs: Int
  private let count: Int
  private var bindings: (x: UnsafePointer<Float>, y: UnsafeMutablePointer<Float>)?

  init(
    _ index: Int, in graph: Graph, weights: LayerWeights, library: BLASLibrary, pool: ThreadPool
  ) {
    self.weights = weights
    self.library = library
    threadCount = pool.threadCount
    outputs = weights.weight.shape.n
    count = weights.weight.shape.countPerImage
    items = graph.inputShape(of: graph.nodes[index]).count / count
    let identity = library.identity
    var info = StepInfo(
      rowMajor: index, in: graph,
      implementation: "f32-fc-\(items == 1 ? "sgemv" : "sgemm")-\(identity.kernelID)",
      kernelID: identity.kernelID, isa: identity.isa)
    info.weightByteCount = weights.byteCount
    self.info = info
  }

  func bind(_ bindings: Bindings) {
    self.bindings = (UnsafePointer(bindings.inputs[0]), bindings.outputs[0])
  }

  func run() {
    guard let (x, y) = bindings else { preconditionFailure("\(info.implementation) is not bound") }
    library.useThreads(threadCount)
    // The bias beforehand, as for the convolution.
    if let bias = weights.bias {
      for m in 0..<items { (y + m * outputs).update(from: bias.pointer, count: outputs) }
    }
    let beta: Float = weights.bias == nil ? 0 : 1
    if items == 1 {
      library.sgemv(
        CBLAS.rowMajor, CBLAS.asIs, Int32(outputs), Int32(count), 1, weights.weight.pointer,
        Int32(count), x, 1, beta, y, 1)
    } else {
      library.sgemm(
        CBLAS.rowMajor, CBLAS.asIs, CBLAS.transposed, Int32(items), Int32(outputs), Int32(count),
        1, x, Int32(count), weights.weight.pointer, Int32(count), beta, y, Int32(outputs))
    }
  }
}
