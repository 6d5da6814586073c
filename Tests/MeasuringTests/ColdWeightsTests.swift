import Backends
import Execution
import Kernels
import Measuring
import Networks
import Results
import Tensors
import Testing

@Suite struct ColdWeightsTests {
  @Test("The ring is larger than twice the cache, and never a single copy")
  func ringSize() {
    #expect(ColdRing.count(byteCount: 10, cacheByteCount: 100) == 21)
    #expect(ColdRing.count(byteCount: 100, cacheByteCount: 100) == 3)
    #expect(ColdRing.count(byteCount: 1000, cacheByteCount: 100) == 2)
    #expect(ColdRing.count(byteCount: 0, cacheByteCount: 100) == 1)
  }

  /// A convolution three times over.
  private struct Ring {
    let graph: Graph
    let source: FixedWeights
    let first: CompiledNetwork
    let copies: [CompiledNetwork]
    let input: Tensor
    let output: Operand

    init(_ name: String, sharesBlobs: Bool) throws {
      let backend = try #require(BackendCatalog.backend(named: name))
      let whole = try #require(NetworkCatalog.network(named: "caffenet-mini"))
        .graph(batch: 2)
      graph = whole.single(try whole.node(named: "conv3"))
      let options = CompileOptions(
        kernels: InstructionSet.best.kernels, pool: ThreadPool(),
        boundary: .native)
      let drawn = try SeededWeights(seed: 1).weights(of: graph.nodes[0], in: graph)
      source = FixedWeights(try #require(drawn))
      let steps = try backend.compile(graph, weights: source, options: options)
      first = CompiledNetwork(graph: graph, steps: steps, memory: .keepAll)
      copies = try ColdRing.copies(
        of: first, weights: source, backend: backend, options: options, count: 3,
        sharesBlobs: sharesBlobs)
      input = SeededInput.operand(seed: 1, of: graph.nodes[0], in: graph)
      output = try #require(steps.last?.info.outputs.first)
    }
  }

  @Test(
    "Copies compute the same with weights of their own, in the same blobs",
    arguments: BackendCatalog.all().filter(\.canCompile).map(\.name))
  func copies(name: String) throws {
    let ring = try Ring(name, sharesBlobs: true)
    let (graph, first, output) = (ring.graph, ring.first, ring.output)
    #expect(ring.copies.count == 3 && ring.copies[0] === first)
    first.setInput(0, to: ring.input)
    first.run()
    let want = first.values(of: output)
    // With its own weights spoiled only a copy that shares them would compute something else.
    ring.source.spoil()
    for copy in ring.copies.dropFirst() {
      #expect(copy.pointer(output) == first.pointer(output))
      let count = output.layout.elementCount(of: graph.values[output.value].shape)
      first.pointer(output).update(repeating: .nan, count: count)
      copy.run()
      #expect(first.values(of: output) == want)
    }
  }

  @Test(
    "Copies that are cold all over have inputs and outputs of their own too",
    arguments: BackendCatalog.all().filter(\.canCompile).map(\.name))
  func coldCopies(name: String) throws {
    let ring = try Ring(name, sharesBlobs: false)
    let (graph, first, output) = (ring.graph, ring.first, ring.output)
    for copy in ring.copies { copy.setInput(0, to: ring.input) }
    first.run()
    let want = first.values(of: output)
    // What one copy has is of no matter to the others.
    ring.source.spoil()
    let size = graph.values[0].shape
    first.setInput(0, to: Tensor(size, values: [Float](repeating: .nan, count: size.count)))
    let count = output.layout.elementCount(of: graph.values[output.value].shape)
    first.pointer(output).update(repeating: .nan, count: count)
    for copy in ring.copies.dropFirst() {
      #expect(copy.pointer(output) != first.pointer(output))
      copy.run()
      #expect(copy.values(of: output) == want)
    }
  }

  @Test("Cold layers are checked and timed, weights or not")
  func cold() throws {
    var options = RunOptions()
    options.networks = ["caffenet-mini"]
    options.layers = ["conv5", "relu5", "prob"]
    options.passes = [.isolated, .net]
    options.caches = [.cold]
    options.rounds = 1
    options.warmUpNanoseconds = 0
    let record = try run(options, [WrappedBackend(name: "a")])
    let isolated = record.workloads.filter { $0.key.pass == .isolated }
    #expect(isolated.map(\.key.cache) == [.cold, .cold, .cold])
    #expect(isolated.prefix(2).allSatisfy { $0.status == .ok && $0.check.maxAbsError != nil })
    // The smallest one may be too small to be cold, which it says.
    #expect(isolated[2].status == .ok || isolated[2].reason.contains("copies"))
    #expect(isolated[0].repro.contains("--cache cold"))
    #expect(record.samples.contains { $0.key.cache == .cold && $0.key.layer == "relu5" })
    #expect(record.workloads.contains { $0.key.layer == "net" && $0.key.cache == .warm })
  }

  @Test("Layers with weights are timed cold beside warm, the others say why not")
  func beside() throws {
    var options = RunOptions()
    options.networks = ["caffenet-mini"]
    options.layers = ["conv5", "relu5"]
    options.passes = [.isolated]
    options.caches = [.warm, .coldWeights]
    options.rounds = 1
    options.warmUpNanoseconds = 0
    let record = try run(options, [WrappedBackend(name: "a")])
    #expect(record.workloads.map(\.key.layer) == ["conv5", "relu5", "conv5", "relu5"])
    #expect(record.workloads.map(\.key.cache) == [.warm, .warm, .coldWeights, .coldWeights])
    #expect(record.workloads.map(\.status) == [.ok, .ok, .ok, .skipped])
    #expect(record.workloads[3].reason.contains("no weights"))
    #expect(record.workloads[2].repro.contains("--cache cold-weights"))
    #expect(record.samples.contains { $0.key.cache == .coldWeights })
  }
}

/// The same memory at every request.
private struct FixedWeights: WeightSource {
  let weights: LayerWeights
  init(_ weights: LayerWeights) { self.weights = weights }
  func weights(of node: Graph.Node, in graph: Graph) throws(NetworkError) -> LayerWeights? {
    weights
  }
  func spoil() { weights.weight.pointer.update(repeating: .nan, count: weights.weight.shape.count) }
}
