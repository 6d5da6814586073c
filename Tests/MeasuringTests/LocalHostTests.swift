import Backends
import Execution
import Kernels
import Measuring
import Networks
import Reference
import Results
import Tensors
import Testing

@Suite struct LocalHostTests {
  private func request(
    _ layer: String?, network: String? = nil, batch: Int = 1,
    on backend: any Backend = WrappedBackend(name: "exact")
  ) throws -> WorkloadRequest {
    var request = try makeRequest(layer, network: network, on: backend, batch: batch, seed: 3)
    request.measuresReorders = true
    return request
  }

  private func host() -> LocalHost { LocalHost { _ in [] } }

  @Test("A prepared layer states what it is and what it holds")
  func facts() throws {
    let host = host()
    defer { host.close() }
    let workload = try host.prepare(request("conv"))
    let facts = workload.facts.facts
    #expect(facts.implementation.hasPrefix("f32-conv"))
    #expect(facts.layout == "nchw")
    #expect(try #require(facts.firstNanoseconds) > 0)
    #expect(try #require(facts.weightBytes) == (6 * 4 * 9 + 6) * 4)
    #expect(facts.reorderInNanoseconds == nil)
    #expect(workload.facts.coverage.map(\.status) == [.ok])
    let block = try workload.time(BlockRequest(iterations: 3, isPrimed: true))
    #expect(block.iterations == 3)
    #expect(block.wallNanoseconds > 0)
    #expect(block.clockGHz > 0)
  }

  @Test("Outputs are those of the reference, for the images asked for")
  func outputs() throws {
    let host = host()
    defer { host.close() }
    let workload = try host.prepare(request("conv", batch: 5))
    let all = try workload.outputs(images: nil)
    let some = try workload.outputs(images: [0, 2, 4])
    #expect(all.count == 1)
    let count = try #require(all.first).values.count / 5
    let want = [0, 2, 4].flatMap { all[0].values[$0 * count..<($0 + 1) * count] }
    #expect(some[0].values == want)
    let graph = try Problem(smallProblem).network.graph(batch: 5)
    let input = SeededInput.operand(seed: 3, of: graph.nodes[0], in: graph)
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
    let request = try request("relu1", network: "caffenet-mini", on: BlockedReLUBackend())
    let workload = try host.prepare(request)
    let facts = workload.facts.facts
    #expect(facts.layout == "nChw8c")
    #expect(try #require(facts.reorderInNanoseconds) > 0)
    #expect(try #require(facts.reorderOutNanoseconds) > 0)
    let values = try #require(workload.outputs(images: nil).first).values
    let graph = request.place.compiledGraph
    let input = SeededInput.operand(seed: 3, of: graph.nodes[0], in: graph)
    #expect(values == input.values.map { max($0, 0) })
  }

  @Test("An elided layer says so")
  func elided() throws {
    let host = host()
    defer { host.close() }
    let facts = try host.prepare(request("drop6", network: "caffenet-mini")).facts
    #expect(facts.coverage.map(\.status) == [.elided])
    #expect(facts.coverage[0].reason == "identity in inference")
  }

  @Test("Workloads of one host are apart: any of them can go without harm to the others")
  func lives() throws {
    let host = host()
    defer { host.close() }
    let kept = try host.prepare(request("conv"))
    let want = try kept.outputs(images: nil)
    do {
      var other = try request("conv")
      other.seed = 4
      #expect(try host.prepare(other).outputs(images: nil) != want)
    }
    #expect(try kept.outputs(images: nil) == want)
    #expect(try kept.time(BlockRequest(iterations: 1, isPrimed: false)).iterations == 1)
  }

  @Test("Backends are made once for each set of the user's libraries")
  func backends() {
    var asked: [[String: String]] = []
    let host = LocalHost { libraries in
      asked.append(libraries)
      return libraries.keys.sorted().map { WrappedBackend(name: $0) }
    }
    defer { host.close() }
    #expect(host.backends(customBLAS: ["a": "/a", "b": "/b"]).map(\.name) == ["a", "b"])
    #expect(host.backends().isEmpty && host.backends().isEmpty)
    #expect(host.backends(customBLAS: ["b": "/b", "a": "/a"]).map(\.name) == ["a", "b"])
    #expect(asked == [["a": "/a", "b": "/b"], [:]])
  }

  @Test("What is not implemented or unusable is refused with a status and a sentence")
  func refusals() throws {
    let host = host()
    defer { host.close() }
    func refusal(_ request: WorkloadRequest) -> Status? {
      do {
        _ = try host.prepare(request)
        return nil
      } catch MeasuringError.workload(let status, let reason) {
        #expect(!reason.isEmpty)
        return status
      } catch {
        return nil
      }
    }
    let exact = WrappedBackend(name: "exact")
    #expect(try refusal(makeRequest(nil, on: exact, cache: .cold)) == .unsupported)
    let refusing = WrappedBackend(name: "refusing", flaw: .refuses)
    #expect(try refusal(request("conv", on: refusing)) == .unsupported)
    let absent = WrappedBackend(
      name: "absent", unavailability: Unavailability(reason: "not here", hint: ""))
    #expect(try refusal(request("conv", on: absent)) == .unavailable)
    for isa in InstructionSet.allCases where !isa.isUsable {
      #expect(try refusal(makeRequest("conv", on: exact, isa: isa)) == .unavailable)
    }
    var pinned = try request("conv")
    pinned.cpus = [100_000]
    #expect(throws: MeasuringError.self) { try host.prepare(pinned) }
  }
}
