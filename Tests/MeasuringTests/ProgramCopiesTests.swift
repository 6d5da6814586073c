import Foundation
import Measuring
import Results
import Testing

@Suite("Copies of programs, and caches that they are not asked for")
struct ProgramCopiesTests {
  @Test("A second name with @ is the same workload, a copy with # one of its own")
  func sameInstance() throws {
    var options = try smallOptions(passes: [.isolated])
    options.backends = ["naive", "naive@2", "naive#2"]
    let requests = RequestLog()
    let record = try run(options, routing: [requests.program("naive")])
    #expect(record.workloads.map(\.key.backend) == ["naive", "naive#2", "naive@2"])
    #expect(record.workloads.allSatisfy { $0.status == .ok })
    #expect(Set(record.samples.map(\.key.backend)) == ["naive", "naive#2", "naive@2"])
    let (first, copy, twin) = (record.workloads[0], record.workloads[1], record.workloads[2])
    #expect(twin.facts == first.facts, "the first call is timed once")
    #expect(copy.facts != first.facts)
    let sent = try requests.all()
    #expect(sent.count { $0.op == .prepare } == 2)
    #expect(Set(sent.compactMap(\.workload?.backend)) == ["naive"])
    #expect(sent.filter { $0.op == .release }.compactMap(\.handle).sorted() == [1, 2])
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
