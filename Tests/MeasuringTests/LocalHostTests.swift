import Backends
import Measuring
import Networks
import Reference
import Results
import Tensors
import Testing

@Suite struct LocalHostTests {
  private func request(
    _ layer: String?, backend: String = "exact", batch: Int = 1
  ) -> WorkloadRequest {
    WorkloadRequest(
      network: "", problem: smallProblem, layer: layer, backend: backend, isa: "baseline",
      batch: batch, seed: 3, pass: layer == nil ? .net : .isolated, measuresReorders: true)
  }

  private func host() -> LocalHost {
    LocalHost { _ in [WrappedBackend(name: "exact"), BlockedReLUBackend()] }
  }

  @Test("A prepared layer states what it is and what it holds")
  func facts() throws {
    let host = host()
    defer { host.close() }
    let prepared = try host.prepare(request("conv"))
    #expect(prepared.facts.implementation.hasPrefix("f32-conv"))
    #expect(prepared.facts.layout == "nchw")
    #expect(try #require(prepared.facts.firstNanoseconds) > 0)
    #expect(try #require(prepared.facts.weightBytes) == (6 * 4 * 9 + 6) * 4)
    #expect(prepared.facts.reorderInNanoseconds == nil)
    #expect(prepared.coverage.map(\.status) == [.ok])
    let block = try host.time(prepared.handle, BlockRequest(iterations: 3, isPrimed: true))
    #expect(block.iterations == 3)
    #expect(block.wallNanoseconds > 0)
    #expect(block.clockGHz > 0)
  }

  @Test("Outputs are those of the reference, for the images asked for")
  func outputs() throws {
    let host = host()
    defer { host.close() }
    let prepared = try host.prepare(request("conv", batch: 5))
    let all = try host.outputs(prepared.handle, images: nil)
    let some = try host.outputs(prepared.handle, images: [0, 2, 4])
    #expect(all.count == 1)
    let count = try #require(all.first).values.count / 5
    let want = [0, 2, 4].flatMap { all[0].values[$0 * count..<($0 + 1) * count] }
    #expect(some[0].values == want)
    let graph = try Problem(smallProblem).network.graph(batch: 5)
    let input = SeededInput.operand(
      seed: 3, of: graph.nodes[0], shape: graph.inputShape(of: graph.nodes[0]))
    let reference = Reference.forward(
      graph.nodes[0], in: graph, inputs: [input.values],
      weights: try SeededWeights(seed: 3).weights(of: graph.nodes[0], in: graph))
    let verdict = Judge.judge(
      layer: all[0].values, kind: .convolution, against: reference, amplification: 1)
    #expect(verdict.status == .ok)
  }

  @Test("A blocked layout is read through its index map, and its reorders are timed")
  func blocked() throws {
    let host = host()
    defer { host.close() }
    var request = request("relu1", backend: "blocked")
    request.problem = nil
    request.network = "caffenet-mini"
    let prepared = try host.prepare(request)
    #expect(prepared.facts.layout == "nChw8c")
    #expect(try #require(prepared.facts.reorderInNanoseconds) > 0)
    #expect(try #require(prepared.facts.reorderOutNanoseconds) > 0)
    let values = try #require(host.outputs(prepared.handle, images: nil).first).values
    let whole = try request.resolveGraph()
    let graph = whole.single(try whole.node(named: "relu1"))
    let input = SeededInput.operand(
      seed: 3, of: graph.nodes[0], shape: graph.inputShape(of: graph.nodes[0]))
    #expect(values == input.values.map { max($0, 0) })
  }

  @Test("An elided layer says so")
  func elided() throws {
    let host = host()
    defer { host.close() }
    var request = request("drop6")
    request.problem = nil
    request.network = "caffenet-mini"
    let prepared = try host.prepare(request)
    #expect(prepared.coverage.map(\.status) == [.elided])
    #expect(prepared.coverage[0].reason == "identity in inference")
  }

  @Test("A handle is good until it is released")
  func handles() throws {
    let host = host()
    defer { host.close() }
    let prepared = try host.prepare(request("conv"))
    try host.release(prepared.handle)
    let error = MeasuringError.unknownHandle(prepared.handle)
    #expect(throws: error) { try host.release(prepared.handle) }
    #expect(throws: error) {
      try host.time(prepared.handle, BlockRequest(iterations: 1, isPrimed: false))
    }
    #expect(throws: error) { try host.outputs(prepared.handle, images: nil) }
  }

  @Test("What is not implemented, unknown or unusable is refused with a sentence")
  func refusals() {
    let host = host()
    defer { host.close() }
    var cold = request("conv")
    cold.cache = .cold
    var backward = request("conv")
    backward.direction = "backward_data"
    var isa = request("conv")
    isa.isa = "sse9"
    for bad in [cold, backward, isa, request("conw"), request("conv", backend: "exakt")] {
      #expect { try host.prepare(bad) } throws: { !"\($0)".isEmpty }
    }
  }
}
