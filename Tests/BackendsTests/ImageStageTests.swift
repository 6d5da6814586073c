import Backends
import Execution
import Networks
import Reference
import Tensors
import Testing

@Suite("Stages image by image", .serialized)
struct ImageStageTests {
  private static let candidates = Candidate.all.filter {
    ["simd", "winograd"].contains($0.backend.name)
  }

  private func compile(
    _ graph: Graph, _ candidate: Candidate, threads: Int, keepsAllBlobs: Bool = false
  ) throws -> [any Step] {
    try candidate.backend.compile(
      graph, weights: SeededWeights(seed: 1),
      options: candidate.options(
        threads: threads, boundary: .nchw, keepsAllBlobs: keepsAllBlobs))
  }

  @Test(
    "A batch through both networks equals the reference at every blob that is left",
    arguments: candidates, ["alexnet-mini", "caffenet-mini"])
  func matchesReference(candidate: Candidate, network: String) throws {
    for (batch, threads) in [(2, 1), (4, 2), (17, 2)] {
      let graph = try #require(NetworkCatalog.network(named: network)).graph(batch: batch)
      let weights = SeededWeights(seed: 1)
      let input = SeededInput.image(seed: 1, blob: "data", shape: graph.values[0].shape)
      let want = try Reference.forward(graph, inputs: [input.values], weights: weights)
      let steps = try compile(graph, candidate, threads: threads)
      let stages = steps.filter { $0.info.nodes.count >= 3 && $0.info.kind == .convolution }
      #expect(
        stages.map { graph.nodes[$0.info.nodes[0]].layer.name } == ["conv1", "conv2", "conv5"])
      #expect(steps.flatMap(\.info.nodes).sorted() == Array(graph.nodes.indices))
      let compiled = CompiledNetwork(graph: graph, steps: steps, memory: .liveness)
      compiled.setInput(graph.inputs[0], to: input)
      // Twice: nothing may be left over from one call to the next.
      compiled.run()
      compiled.run { step in
        for operand in step.info.outputs {
          let norms = ErrorNorms(got: compiled.values(of: operand), want: want[operand.value])
          #expect(
            norms.nrmse <= 1e-5,
            "\(step.info.implementation), batch \(batch), \(threads) threads: \(norms)")
        }
      }
    }
  }

  @Test(
    "One image, kept blobs, or images that do not go round are left to steps of their own",
    arguments: candidates)
  func otherwise(candidate: Candidate) throws {
    func hasStages(batch: Int, threads: Int, keepsAllBlobs: Bool = false) throws -> Bool {
      let graph = try #require(NetworkCatalog.network(named: "alexnet-mini")).graph(batch: batch)
      return try compile(graph, candidate, threads: threads, keepsAllBlobs: keepsAllBlobs)
        .contains { $0.info.nodes.count >= 3 && $0.info.kind == .convolution }
    }
    #expect(try hasStages(batch: 2, threads: 2))
    #expect(try !hasStages(batch: 1, threads: 1))
    #expect(try !hasStages(batch: 3, threads: 2))
    #expect(try !hasStages(batch: 2, threads: 1, keepsAllBlobs: true))
  }

  @Test("Its phases are those of its parts", arguments: candidates)
  func phases(candidate: Candidate) throws {
    let graph = try #require(NetworkCatalog.network(named: "caffenet-mini")).graph(batch: 4)
    let steps = try compile(graph, candidate, threads: 2)
    let compiled = CompiledNetwork(graph: graph, steps: steps, memory: .liveness)
    let stage = try #require(steps.first)
    let clock = PhaseClock()
    stage.run(timing: clock)
    let expected: Set<Phase> =
      candidate.backend.name == "winograd"
      ? [.pack, .inputTransform, .gemm, .outputTransform, .rest] : [.gemm, .rest]
    #expect(Set(clock.nanoseconds.keys) == expected)
    #expect(compiled.steps.count == steps.count)
  }
}
