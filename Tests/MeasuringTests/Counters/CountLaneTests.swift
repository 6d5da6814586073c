import Backends
import Execution
import Kernels
import Measuring
import Results
import Testing

@Suite struct CountLaneTests {
  @Test("Our own backends are counted, each layer once, wide kernels on tiny layers only")
  func cases() throws {
    let backends = BackendCatalog.all(customBLAS: [])
    let cases = try CountLane(backends: backends).cases
    let own = Set(backends.filter { $0.library == nil && $0.threading == .pool }.map(\.name))
    #expect(Set(cases.map(\.backend)) == own)
    #expect(Set(cases.map { WorkerProtocol.Workload($0.request) }).count == cases.count)
    #expect(cases.contains { $0.layer == "conv1" && $0.backend == "simd" })
    for item in cases where item.isa == .avx2 {
      #expect(item.request.place.problem != nil || !item.layer.hasPrefix("conv"))
    }
    #expect(cases.contains { $0.isa == .avx2 } == InstructionSet.avx2.isUsable)
    #expect(!cases.contains { $0.isa == .avx512 })
    // The second network has few layers of its own.
    let second = cases.filter { $0.network == "caffenet-mini" }
    #expect(!second.isEmpty && !second.contains { $0.layer == "conv1" })
  }

  @Test("What counts hold for names the compiler and the library")
  func origin() {
    let origin = CountLane.origin(
      host: HostFingerprint.collect(), build: BuildFingerprint.collect())
    #expect(origin.compiler.hasPrefix("Swift ") && origin.compiler.contains(" with "))
    #expect(!origin.architecture.isEmpty && !origin.libc.isEmpty && !origin.valgrind.isEmpty)
  }
}
