import Execution
import KernelInterface
import Networks
import Tensors

/// Convolution as Caffe does it: the input unfolded into a matrix (im2col), then one `cblas_sgemm` per
/// image and group; fully connected layers go to the library directly.
package struct Im2colBackend: Backend {
  package let name: String
  package let summary: String
  package let threading = Threading.library
  package let directions: Set<Direction> = [.forward, .backwardData, .backwardWeights]
  private let source: BLASSource
  /// Computes what goes backward and has no GEMM.
  private let naive = NaiveBackend()

  package init(_ source: BLASSource) {
    self.source = source
    name = "im2col-\(source.name)"
    summary = "im2col and cblas_sgemm of \(source.candidates[0])"
  }

  package var unavailability: Unavailability? {
    do {
      _ = try BLASLibrary.load(source)
      return nil
    } catch {
      return error
    }
  }

  package var warnings: [BackendWarning] { (try? BLASLibrary.load(source))?.warnings ?? [] }

  package var library: LoadedLibrary? {
    guard let library = try? BLASLibrary.load(source) else { return nil }
    let identity = library.identity
    return LoadedLibrary(
      name: identity.family, path: library.path, version: identity.version, kernel: identity.core)
  }

  package func isa(with kernels: KernelTable) -> String {
    (try? BLASLibrary.load(source))?.identity.isa ?? "external"
  }

  package func threadCount(askedFor count: Int) -> Int {
    (try? BLASLibrary.load(source))?.threadCount(askedFor: count) ?? count
  }

  package func memoryNeed(of graph: Graph) -> MemoryNeed {
    var need = MemoryNeed(of: graph)
    // It computes with the weights as they come.
    need.compiling = 0
    need.workspace = Unfolding.largestByteCount(in: graph)
    return need
  }

  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    let library: BLASLibrary
    do {
      library = try BLASLibrary.load(source)
      try library.checkAddressSpace(threadCount: options.pool.threadCount)
    } catch {
      throw .unavailable(error)
    }
    let pool = options.pool
    return try rowMajorSteps(of: graph, weights: weights, pool: pool) { spec, index, weights in
      GEMMConvolution(spec, index, in: graph, weights: weights, library: library, pool: pool)
    } innerProduct: { _, index, weights in
      GEMMInnerProduct(index, in: graph, weights: weights, library: library, pool: pool)
    } backward: { index throws(BackendError) in
      let node = graph.nodes[index]
      let isData = node.direction == .backwardData
      switch node.layer.spec {
      case .convolution(let spec):
        return GEMMConvolutionGradient(
          spec, index, in: graph,
          weights: isData ? try weights.required(for: node, in: graph) : nil,
          library: library, pool: pool)
      case .innerProduct(let spec):
        return GEMMInnerProductGradient(
          spec, index, in: graph,
          weights: isData ? try weights.required(for: node, in: graph) : nil,
          library: library, pool: pool)
      default: return try naive.delegated(index, in: graph, weights: weights)
      }
    }
  }
}

/// The constants of the CBLAS interface.
enum CBLAS {
  static let rowMajor: Int32 = 101
  static let asIs: Int32 = 111
  static let transposed: Int32 = 112
}
