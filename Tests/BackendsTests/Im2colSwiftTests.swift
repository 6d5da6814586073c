import Backends
import Execution
import Kernels
import Networks
import Tensors
import Testing

@Suite("Backend im2col-swift")
struct Im2colSwiftTests {
  private func steps(_ network: String, batch: Int) throws -> (graph: Graph, infos: [StepInfo]) {
    let graph = try #require(NetworkCatalog.network(named: network)).graph(batch: batch)
    let options = CompileOptions(
      kernels: InstructionSet.best.kernels, pool: ThreadPool(), boundary: .native)
    let steps = try Im2colSwiftBackend().compile(
      graph, weights: SeededWeights(seed: 1), options: options)
    return (graph, steps.map(\.info))
  }

  @Test("says what is its own and what is handed on", arguments: [1, 3])
  func labels(batch: Int) throws {
    let (_, infos) = try steps("alexnet-mini", batch: batch)
    let isa = InstructionSet.best.rawValue
    for info in infos where info.kind == .convolution {
      #expect(info.implementation == "f32-conv-im2col-gemm-\(info.tile)-\(isa)")
      #expect(info.tile.hasSuffix("x\(InstructionSet.best.kernels.output_tile)"))
      #expect(info.delegatedTo == nil && info.isa == isa && info.kernelID == isa)
    }
    let products = infos.filter { $0.kind == .innerProduct }
    #expect(products.count == 3 && products.allSatisfy { $0.delegatedTo == "simd" })
    let others = infos.filter { $0.kind != .convolution && $0.kind != .innerProduct }
    #expect(others.allSatisfy { $0.delegatedTo == nil })
  }

  @Test("keeps every blob row-major, without reorders")
  func layout() throws {
    let (graph, infos) = try steps("caffenet-mini", batch: 2)
    #expect(infos.count == graph.nodes.count)
    #expect(infos.flatMap { $0.inputs + $0.outputs }.allSatisfy { $0.layout == .nchw })
  }

  @Test(
    "works on the matrix and on its packed copy, and on the copy only where nothing is unfolded")
  func workspace() throws {
    func byteCount(kernel: Int, channels: Int) throws -> Int {
      let spec = ConvolutionSpec(outputs: 16, kernel: Extent(kernel))
      let layer = Layer(
        name: "conv", spec: .convolution(spec), bottoms: ["bottom"], tops: ["top"])
      let side = 8 + kernel - 1
      let graph = try Network(
        name: "case",
        inputs: [.init(blob: "bottom", shape: Shape(n: 1, c: channels, h: side, w: side))],
        layers: [layer]
      ).graph()
      let options = CompileOptions(
        kernels: InstructionSet.baseline.kernels, pool: ThreadPool(),
        boundary: .native)
      let steps = try Im2colSwiftBackend().compile(
        graph, weights: SeededWeights(seed: 1), options: options)
      return try #require(steps.first).info.workspaceByteCount
    }
    // Both with a matrix of 36 × 64.
    let difference = try byteCount(kernel: 3, channels: 4) - byteCount(kernel: 1, channels: 36)
    #expect(difference == 36 * 64 * MemoryLayout<Float>.stride)
  }
}
