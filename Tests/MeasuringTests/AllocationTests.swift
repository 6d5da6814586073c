import AllocationCounter
import Backends
import Execution
import Kernels
import Networks
import Tensors
import Testing

/// Whether allocations tell something: unoptimised code boxes what optimised code keeps in
/// registers.
private var isOptimised: Bool {
  #if DEBUG
    false
  #else
    true
  #endif
}

@Suite struct AllocationTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var backend: any Backend
    var network: String
    var threads: Int
    var isa: InstructionSet
    var testDescription: String {
      "\(backend.name), \(network), \(threads) threads, \(isa.rawValue)"
    }
  }

  static let cases: [Case] = BackendCatalog.all().filter(\.canCompile)
    .flatMap { backend in
      ["caffenet-mini", "alexnet-mini", "layers-mini"].flatMap { network in
        InstructionSet.usable.flatMap { isa in
          (backend.threading == .single ? [1] : [1, 2]).map { threads in
            Case(backend: backend, network: network, threads: threads, isa: isa)
          }
        }
      }
    }

  @Test("The counter sees allocations", .enabled(if: alex_counts_allocations() != 0))
  func counter() async {
    await OneAtATime.shared.run {
      withUnsafePointer(to: 0) { ignored in
        let before = alex_allocation_count()
        alex_start_counting(ignored)
        let array = [Int](repeating: 1, count: Int.random(in: 1000...2000))
        alex_stop_counting(ignored)
        #expect(array.count >= 1000)
        #expect(alex_allocation_count() > before)
      }
    }
  }

  @Test(
    "A forward allocates nothing, but for what oneDNN does in each call",
    .enabled(if: isOptimised && alex_counts_allocations() != 0),
    arguments: cases)
  func forward(_ test: Case) async throws {
    try await OneAtATime.shared.run {
      let graph = try #require(NetworkCatalog.network(named: test.network)).graph(batch: 2)
      let pool = try ThreadPool(threadCount: test.threads)
      let options = CompileOptions(kernels: test.isa.kernels, pool: pool, boundary: .nchw)
      let steps = try test.backend.compile(
        graph, weights: SeededWeights(seed: 1), options: options)
      let network = CompiledNetwork(graph: graph, steps: steps, memory: .liveness)
      network.run()
      let count = withUnsafePointer(to: 0) { ignored in
        let before = alex_allocation_count()
        pool.run({ alex_start_counting($0) }, arguments: ignored, stride: 0)
        network.run()
        pool.run({ alex_stop_counting($0) }, arguments: ignored, stride: 0)
        return alex_allocation_count() - before
      }
      // oneDNN makes a small table of its arguments in every call of a primitive.
      let allowed = test.backend.name == "onednn" ? Int64(8 * steps.count) : 0
      #expect(count <= allowed)
    }
  }
}

/// The counter is the process's: one test counts at a time.
private actor OneAtATime {
  static let shared = OneAtATime()
  func run(_ body: @Sendable () throws -> Void) rethrows { try body() }
}
