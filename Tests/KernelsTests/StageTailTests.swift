import Backends
import Execution
import Kernels
import Networks
import Reference
import Tensors
import Testing

@Suite("Normalisation and pooling in one pass")
struct StageTailTests {
  private static let cases: [(lrn: LRNSpec, pooling: PoolingSpec, input: Shape)] = {
    var shapes = ShapeGenerator("stage tail")
    var cases: [(LRNSpec, PoolingSpec, Shape)] = []
    while cases.count < 60 {
      let lrn = LRNSpec(
        size: shapes.pick([3, 5]), alpha: shapes.pick([0.0001, 1]),
        beta: shapes.pick([0.75, 0.75, 0.5]), k: shapes.pick([1, 2]))
      let kernel = Extent(h: shapes.pick(1...4), w: shapes.pick(1...4))
      let pooling = PoolingSpec(
        method: shapes.pick([.max, .average]), kernel: kernel,
        stride: Extent(h: shapes.pick(1...kernel.h), w: shapes.pick(1...kernel.w)),
        pad: Extent(h: shapes.pick(0...(kernel.h - 1)), w: shapes.pick(0...(kernel.w - 1))),
        isGlobal: shapes.pick(0...9) == 0)
      let input = Shape(
        n: shapes.pick(1...3), c: shapes.pick(1...50), h: shapes.pick(4...20),
        w: shapes.pick(4...20))
      cases.append((lrn, pooling, input))
    }
    return cases
  }()

  @Test("equals the two layers, in both orders", arguments: instructionSetsUnderTest)
  func matchesReference(isa: InstructionSet) throws {
    for (index, test) in Self.cases.prefix(ProcessEnvironment.isEmulated ? 10 : 60).enumerated() {
      let norm = Layer(name: "norm", spec: .lrn(test.lrn), bottoms: ["a"], tops: ["b"])
      let pool = Layer(name: "pool", spec: .pooling(test.pooling), bottoms: ["a"], tops: ["b"])
      for (first, second) in [(norm, pool), (pool, norm)] {
        var second = second
        (second.bottoms, second.tops) = (["b"], ["c"])
        let graph = try Network(
          name: "tail", inputs: [.init(blob: "a", shape: test.input)], layers: [first, second]
        ).graph()
        try check(graph, isa: isa, threads: 1 + index % 3, "\(test), \(first.name) first")
      }
    }
  }

  private func check(_ graph: Graph, isa: InstructionSet, threads: Int, _ what: String) throws {
    let weights = SeededWeights(seed: 1)
    let steps = try SIMDBackend().compile(
      graph, weights: weights,
      options: CompileOptions(
        kernels: isa.kernels, pool: ThreadPool(threadCount: threads), boundary: .native))
    #expect(steps.count == 1 && steps[0].info.nodes == [0, 1], "\(what)")
    let compiled = CompiledNetwork(graph: graph, steps: steps, memory: .liveness)
    let input = SeededInput.image(seed: 2, blob: "a", shape: graph.values[0].shape)
    let operand = steps[0].info.outputs[0]
    let shape = graph.values[operand.value].shape
    compiled.pointer(operand).update(
      repeating: .nan, count: operand.layout.elementCount(of: shape))
    compiled.setInput(0, to: input)
    // Twice: nothing may be left over from one call to the next.
    compiled.run()
    compiled.run()
    let want = try Reference.forward(graph, inputs: [input.values], weights: weights)
    let norms = ErrorNorms(got: compiled.values(of: operand), want: want[operand.value])
    // Inputs are below 1, and normalising at most shrinks them: 16 roundings of 1.
    #expect(norms.maxAbsError <= 16 * 0x1p-24, "\(what): \(norms)")
  }
}
