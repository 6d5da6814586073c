import Measuring
import Results
import Testing

@Suite("Copies of programs, and caches that they are not asked for")
struct ProgramCopiesTests {
  private func request(_ backend: String) -> WorkloadRequest {
    WorkloadRequest(
      network: "", problem: smallProblem, layer: "conv", backend: backend, isa: "baseline", seed: 5,
      pass: .isolated)
  }

  @Test("A second name with @ is the same workload, which stays until neither needs it")
  func sameInstance() throws {
    let program = Programs.worker("naive")
    let host = RoutingHost(base: LocalHost { _ in [] }, backends: [program])
    defer { host.close() }
    let first = try host.prepare(request("naive"))
    let twin = try host.prepare(request("naive@2"))
    #expect(twin.facts == first.facts, "the first call is timed once")
    let copy = try host.prepare(request("naive#2"))
    #expect(copy.facts != first.facts)
    try host.release(first.handle)
    let block = BlockRequest(iterations: 2, isPrimed: true)
    #expect(try host.time(twin.handle, block).iterations == 2)
    try host.release(twin.handle)
    #expect(throws: MeasuringError.self) { try host.time(twin.handle, block) }
    #expect(try host.time(copy.handle, block).iterations == 2)
  }

  @Test("Copies of a program take turns in a run")
  func copies() throws {
    var options = try smallOptions(passes: [.isolated])
    options.backends = ["naive", "naive@2", "naive#2"]
    let record = try run(options, routing: [Programs.worker("naive")])
    #expect(record.workloads.map(\.key.backend) == ["naive", "naive#2", "naive@2"])
    #expect(record.workloads.allSatisfy { $0.status == .ok })
  }

  @Test("A program is not asked for inputs and outputs that are cold")
  func cold() throws {
    var options = try smallOptions(passes: [.isolated])
    // Of the small problem it would take more copies than are allowed to exceed a large cache.
    options.problem = try Problem("c32 h28 k32 r3 p1")
    options.caches = [.cold]
    let record = try run(
      options, routing: [Programs.worker("other"), WrappedBackend(name: "naive")])
    #expect(record.workloads.map(\.status) == [.unsupported, .ok])
    #expect(record.workloads[0].reason.contains("cold-weights"))
  }
}
