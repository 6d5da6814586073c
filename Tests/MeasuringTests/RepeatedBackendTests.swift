import Backends
import Execution
import Measuring
import Networks
import Results
import Synchronization
import Tensors
import Testing

/// How often a backend was asked to compile.
private final class CompileCounter: Sendable {
  private let value = Atomic(0)
  var count: Int { value.load(ordering: .relaxed) }
  func add() { value.add(1, ordering: .relaxed) }
}

/// The plain loops, counting compilations.
private struct CountingBackend: Backend {
  let counter: CompileCounter
  let name = "a"
  let summary = "plain loops, for tests"
  let threading = Threading.single

  func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    counter.add()
    return try NaiveBackend().compile(graph, weights: weights, options: options)
  }
}

@Suite struct RepeatedBackendTests {
  @Test("A copy has rows of its own beside the first, in the same rounds")
  func copies() throws {
    var options = try smallOptions()
    options.backends = ["a#2", "a", "b"]
    let record = try run(options, [WrappedBackend(name: "a"), WrappedBackend(name: "b")])
    let isolated = record.workloads.filter { $0.key.pass == .isolated }
    #expect(isolated.map(\.key.backend) == ["a", "a#2", "b"])
    #expect(isolated.allSatisfy { $0.status == .ok })
    for round in Set(record.samples.map(\.round)) {
      let backends = record.samples.filter { $0.round == round && $0.key.pass == .isolated }
        .map(\.key.backend)
      #expect(backends.sorted() == ["a", "a#2", "b"])
    }
    #expect(isolated[1].repro.contains("--backend a#2"))
  }

  @Test("A second name with @ is the same instance, compiled once")
  func sameInstance() throws {
    var options = try smallOptions(passes: [.isolated])
    options.backends = ["a", "a@2"]
    let compiled = CompileCounter()
    let record = try run(options, [CountingBackend(counter: compiled)])
    #expect(record.workloads.map(\.key.backend) == ["a", "a@2"])
    #expect(record.workloads.allSatisfy { $0.status == .ok })
    #expect(Set(record.samples.map(\.key.backend)) == ["a", "a@2"])
    let once = CompileCounter()
    options.backends = ["a"]
    _ = try run(options, [CountingBackend(counter: once)])
    #expect(compiled.count == once.count)
  }

  @Test("A shared instance stays when the first name is out, until neither needs it")
  func sharedInstanceStays() throws {
    var options = try smallOptions(passes: [.isolated])
    options.backends = ["a", "a@2"]
    // Its first call is timed, in the second the first name is checked.
    let record = try run(options, [WrappedBackend(name: "a", flaw: .failsOnce(call: 2))])
    #expect(record.workloads.map(\.key.backend) == ["a", "a@2"])
    #expect(record.workloads.map(\.status) == [.failed, .ok])
    #expect(Set(record.samples.map(\.key.backend)) == ["a@2"])
  }

  @Test("A copy alone is measured too, also in a worker")
  func worker() throws {
    var options = try smallOptions(passes: [.isolated])
    options.backends = ["naive#2"]
    options.launches = 1
    let record = try run(options, inWorkers: BackendCatalog.all())
    #expect(record.workloads.map(\.key.backend) == ["naive#2"])
    #expect(record.workloads.map(\.status) == [.ok])
  }

  @Test("Copies get the tiles that the first one chose")
  func tiles() throws {
    var options = RunOptions()
    options.networks = ["caffenet-mini"]
    options.layers = ["conv3"]
    options.passes = [.isolated, .net]
    options.rounds = 1
    options.warmUpNanoseconds = 0
    options.backends = ["winograd", "winograd#2"]
    let record = try run(options, [WinogradBackend()])
    #expect(Set(record.plan.map(\.key.backend)) == ["winograd"])
    for pass in [Pass.isolated, .net] {
      let tiles = record.workloads.filter { $0.key.pass == pass && $0.status == .ok }
        .map(\.facts.tile)
      #expect(tiles.count == 2 && Set(tiles).count == 1)
      #expect(!tiles[0].isEmpty)
    }
  }

  @Test(
    "Only numbers from 2 on name copies",
    arguments: ["a#1", "a#", "a#x", "a#02", "c#2", "#2", "a@1"])
  func names(name: String) throws {
    var options = try smallOptions()
    options.backends = [name]
    #expect(throws: MeasuringError.self) { try options.validate(backends: ["a"]) }
  }
}
