import Backends
import Execution
import Kernels
import Networks
import Tensors
import Testing

/// Counted by hand.
@Suite("What a step says it executes")
struct ExecutedWorkTests {
  private func infos(
    _ backend: any Backend, _ layers: [LayerSpec], _ input: Shape, tile: String? = nil,
    threads: Int = 1
  ) throws -> [StepInfo] {
    var network = Network(
      name: "case", inputs: [.init(blob: "data", shape: input)], layers: [])
    for (index, spec) in layers.enumerated() {
      network.layers.append(
        Layer(
          name: "\(index)", spec: spec, bottoms: [index == 0 ? "data" : "\(index - 1)"],
          tops: ["\(index)"]))
    }
    var options = CompileOptions(
      kernels: InstructionSet.baseline.kernels, pool: try ThreadPool(threadCount: threads),
      boundary: .native)
    options.tiles = tile.map { TilePlan(everywhere: $0, cacheByteCount: 0) }
    return try backend.steps(
      of: try network.graph(), weights: SeededWeights(seed: 1), options: options
    ).map(\.info)
  }

  private func convolution(_ outputs: Int, kernel: Int, pad: Int = 0) -> LayerSpec {
    .convolution(ConvolutionSpec(outputs: outputs, kernel: Extent(kernel), pad: Extent(pad)))
  }

  @Test("A direct convolution has the operations of its definition, and those of a fused ReLU")
  func direct() throws {
    let info = try #require(
      try infos(
        SIMDBackend(), [convolution(16, kernel: 1), .relu(ReLUSpec())],
        Shape(n: 1, c: 16, h: 4, w: 4)
      ).first)
    #expect(info.nodes == [0, 1])
    #expect(info.executedFLOPs == 2 * 256 * 16 + 256)
    #expect(info.executedBytes == 4 * (256 + 256 + 16 * 16 + 16))
  }

  @Test("Images that are computed apart count together", arguments: [1, 2])
  func images(threads: Int) throws {
    let infos = try infos(
      SIMDBackend(),
      [convolution(16, kernel: 1), .pooling(PoolingSpec(method: .max, kernel: Extent(2)))],
      Shape(n: 4, c: 16, h: 4, w: 4), threads: threads)
    let info = try #require(infos.first)
    #expect(info.nodes == [0, 1])
    #expect(info.executedFLOPs == 4 * (2 * 256 * 16 + 9 * 16 * 4))
    #expect(info.executedBytes == 4 * 4 * (3 * 256 + 272 + 9 * 16))
  }

  @Test("Unfolding writes and reads the matrix, packing writes and reads it once more")
  func unfolding() throws {
    let input = Shape(n: 2, c: 4, h: 4, w: 4)
    let info = try #require(
      try infos(Im2colSwiftBackend(), [convolution(8, kernel: 3)], input).first)
    let operands = 2 * 64 + 2 * 32 + 8 * 36 + 8
    #expect(info.executedFLOPs == 2 * 2 * 32 * 36)
    #expect(info.executedBytes == 4 * (operands + 4 * 2 * 36 * 4))
    for backend in BackendCatalog.all() where backend.name.hasPrefix("im2col-open") {
      guard backend.unavailability == nil else { continue }
      let info = try #require(try infos(backend, [convolution(8, kernel: 3)], input).first)
      #expect(info.executedFLOPs == 2 * 2 * 32 * 36)
      #expect(info.executedBytes == 4 * (operands + 2 * 2 * 36 * 4))
    }
  }

  @Test("Winograd has its products, its transforms and the bias")
  func winograd() throws {
    let info = try #require(
      try infos(
        WinogradBackend(), [convolution(16, kernel: 3, pad: 1)], Shape(n: 1, c: 16, h: 4, w: 4),
        tile: "2"
      ).first)
    // Four tiles of 16 products. A pass of the input transform is x0 − x2, x1 + x2, x2 − x1,
    // x1 − x3 with a factor for each x: 10 operations. One of the output transform has 5.
    let products = 4 * 16
    let input = 4 * (4 + 4) * 10
    let output = 4 * (4 + 2) * 5
    #expect(info.executedFLOPs == 2 * products * 256 + 16 * (input + output + 16))
    #expect(
      info.executedBytes
        == 4 * (256 + 256 + 16 * 256 + 16 + 2 * products * 16 + 2 * products * 16))
  }

  @Test("Short tiles of Winograd have fewer products and smaller transforms")
  func shortTiles() throws {
    let info = try #require(
      try infos(
        WinogradBackend(),
        [convolution(16, kernel: 3, pad: 1), .relu(ReLUSpec())], Shape(n: 1, c: 16, h: 6, w: 6),
        tile: "4"
      ).first)
    // Tiles of 6×6, 4×6, 6×4 and 4×4 products; passes of 26 and 10 operations over the input, of
    // 18 and 5 over the output.
    let input = (6 + 6) * 26 + 2 * (6 * 10 + 4 * 26) + (4 + 4) * 10
    let output = (6 + 4) * 18 + (6 * 5 + 2 * 18) + (4 * 18 + 4 * 5) + (4 + 2) * 5
    #expect(info.executedFLOPs == 2 * 100 * 256 + 16 * (input + output + 36) + 36 * 16)
  }

  @Test("A convolution of stride 4 counts the copy of its phases")
  func phases() throws {
    let spec = ConvolutionSpec(outputs: 16, kernel: Extent(11), stride: Extent(4))
    let info = try #require(
      try infos(
        WinogradBackend(), [.convolution(spec)], Shape(n: 1, c: 3, h: 15, w: 15), tile: "2"
      ).first)
    // 2×2 outputs, one tile of 4×4, over 48 channels of 4×4.
    #expect(info.executedFLOPs == 2 * 16 * 48 * 16 + 48 * 80 + 16 * (30 + 4))
    #expect(
      info.executedBytes
        == 4 * (3 * 225 + 64 + 16 + 16 * 48 * 16 + 2 * 48 * 16 + 2 * 16 * (48 + 16)))
  }

  @Test("What does nothing executes nothing; a change of layout moves its blob twice")
  func nothing() throws {
    let dropout = try #require(
      try infos(SIMDBackend(), [.dropout(DropoutSpec())], Shape(n: 1, c: 16, h: 4, w: 4)).first)
    #expect(dropout.executedFLOPs == 0 && dropout.executedBytes == 0)
    let reorder = StepInfo(
      reordering: 0,
      in: try Network(
        name: "case", inputs: [.init(blob: "data", shape: Shape([1, 3, 2, 2]))], layers: []
      ).graph(), from: .nchw, to: .channelsLast, implementation: "f32-reorder", kernelID: "",
      isa: "")
    #expect(reorder.executedFLOPs == 0 && reorder.executedBytes == 2 * 48)
  }
}
