import Backends
import Execution
import Kernels
import Networks
import Tensors
import Testing

/// What random shapes seldom meet: all remainders of a tile, several depth blocks, more threads than
/// there are tiles.
@Suite("GEMM of im2col-swift")
struct GEMMTests {
  /// A product Y[rows × columns] = W[rows × depth] · X[depth × columns] of integers, as a 1×1
  /// convolution, which multiplies the images as they lie.
  private func product(
    rows: Int, depth: Int, columns: Int, images: Int = 1, groups: Int = 1, hasBias: Bool = true
  ) -> LayerCase {
    let spec = ConvolutionSpec(
      outputs: groups * rows, kernel: .one, groups: groups, hasBias: hasBias)
    return LayerCase(
      spec: .convolution(spec), input: Shape(n: images, c: groups * depth, h: 1, w: columns),
      usesIntegers: true)
  }

  private func expectExact(_ product: LayerCase, isa: InstructionSet, threads: Int) throws {
    let outcome = try product.run(Im2colSwiftBackend(), isa: isa, threads: threads)
    #expect(outcome.norms.maxAbsError == 0, "\(product), \(threads) threads")
    #expect(outcome.implementation.hasPrefix("f32-conv-gemm-"))
  }

  @Test("every remainder of rows and columns", arguments: instructionSetsUnderTest)
  func remainders(isa: InstructionSet) throws {
    for rows in 1...30 {
      try expectExact(product(rows: rows, depth: 19, columns: 40), isa: isa, threads: 1)
    }
    for columns in 1...70 {
      try expectExact(product(rows: 15, depth: 17, columns: columns), isa: isa, threads: 2)
    }
  }

  @Test(
    "every remainder of the depth, and several blocks of it", arguments: instructionSetsUnderTest)
  func depths(isa: InstructionSet) throws {
    for depth in Array(1...34) + [255, 256, 257, 272, 511, 513, 800] {
      let layer = product(rows: 9, depth: depth, columns: 45, images: 2, hasBias: depth % 2 == 0)
      try expectExact(layer, isa: isa, threads: 2)
    }
  }

  @Test("any number of threads shares the tiles", arguments: instructionSetsUnderTest)
  func threads(isa: InstructionSet) throws {
    for threads in [1, 2, 3, 5, 8] {
      try expectExact(product(rows: 3, depth: 4, columns: 5), isa: isa, threads: threads)
      try expectExact(
        product(rows: 29, depth: 300, columns: 77, groups: 3), isa: isa, threads: threads)
    }
  }

  @Test("neither the output nor the workspace is left", arguments: instructionSetsUnderTest)
  func bounds(isa: InstructionSet) throws {
    let spec = ConvolutionSpec(
      outputs: 2 * 15, kernel: Extent(3), pad: Extent(1), groups: 2)
    let layer = Layer(
      name: "layer", spec: .convolution(spec), bottoms: ["bottom"], tops: ["top"])
    let input = Shape(n: 2, c: 2 * 31, h: 5, w: 7)
    let graph = try Network(
      name: "case", inputs: [.init(blob: "bottom", shape: input)], layers: [layer]
    ).graph()
    let options = try CompileOptions(
      kernels: isa.kernels, pool: ThreadPool(threadCount: 2), boundary: .native)
    let step = try #require(
      try Im2colSwiftBackend().compile(
        graph, weights: SeededWeights(seed: 1), options: options
      ).first)
    let bottom = Tensor(input)
    let outputCount = graph.values[graph.outputs[0]].shape.count
    let workspaceCount = step.info.workspaceByteCount / MemoryLayout<Float>.stride
    let guardCount = 64
    let output = AlignedBuffer(count: guardCount + outputCount + guardCount)
    let workspace = AlignedBuffer(count: guardCount + workspaceCount + guardCount)
    let mark: Float = 12345
    for buffer in [output, workspace] {
      buffer.pointer.update(repeating: mark, count: buffer.count)
    }
    step.bind(
      Bindings(
        inputs: [bottom.pointer], outputs: [output.pointer + guardCount],
        workspace: UnsafeMutableRawPointer(workspace.pointer + guardCount)))
    step.run()
    for buffer in [output, workspace] {
      #expect(buffer.elements.prefix(guardCount).allSatisfy { $0 == mark })
      #expect(buffer.elements.suffix(guardCount).allSatisfy { $0 == mark })
    }
    #expect(!output.elements.dropFirst(guardCount).dropLast(guardCount).contains(mark))
  }
}
