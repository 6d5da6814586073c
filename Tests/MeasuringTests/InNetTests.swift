import Backends
import Execution
import Kernels
import Measuring
import Networks
import Reporting
import Results
import Testing

@Suite struct InNetTests {
  private func options(_ passes: [Pass], rounds: Int = 3) -> RunOptions {
    var options = RunOptions()
    options.networks = ["caffenet-mini"]
    options.passes = passes
    options.rounds = rounds
    options.warmUpNanoseconds = 0
    return options
  }

  @Test(
    "Every layer of a net is a step with a time, fused or elided; reorders have rows of their own",
    arguments: BackendCatalog.all().filter(\.canCompile).map(\.name))
  func everyLayer(name: String) throws {
    let backend = try #require(BackendCatalog.backend(named: name))
    var options = options([.inNet, .net])
    options.backends = [name]
    let record = try run(options, [backend])
    let graph = try #require(NetworkCatalog.network(named: "caffenet-mini")).graph(batch: 1)
    let rows = record.workloads.filter { $0.key.pass == .inNet }
    let layers = rows.filter { $0.key.kind != "reorder" }
    #expect(layers.map(\.key.layer).sorted() == graph.nodes.map(\.layer.name).sorted())
    #expect(Set(rows.map(\.key)).count == rows.count)
    #expect(rows.filter { $0.status == .elided }.map(\.key.layer) == ["drop6", "drop7"])
    for row in rows {
      let samples = record.samples.filter { $0.key == row.key }
      #expect((row.status == .ok) == (samples.count == 3))
      #expect((row.status == .ok) == row.reason.isEmpty)
      #expect((row.status == .ok) == (row.check.maxAbsError != nil))
      #expect((row.status == .ok) == !row.facts.implementation.isEmpty)
      if row.status == .fused { #expect(row.reason.hasPrefix("into ")) }
      #expect(row.repro.contains("--pass in-net"))
    }
    if name == "simd" { #expect(rows.contains { $0.status == .fused }) }
    let net = try #require(record.workloads.first { $0.key.pass == .net })
    #expect(record.workloads.count { $0.key.pass == .net } == 1)
    #expect(net.key.layer == "net" && net.status == .ok)
    let summary = summarise(
      samples: record.samples, workloads: record.workloads, layers: record.layers)
    #expect(try #require(summary.first { $0.key.pass == .net }).net.reconcilePercent != nil)
    for row in summary where row.key.pass == .inNet && row.workload.status == .ok {
      #expect(try #require(row.net.sharePercent) > 0)
    }
  }

  @Test("A change of layout is a row that says between what, at the layer that it is made for")
  func reorders() throws {
    var options = try smallOptions(passes: [.inNet])
    options.problem = try Problem("c32 h9 k48 r3 p1")
    let record = try run(options, [SIMDBackend()])
    #expect(
      record.workloads.map(\.key.layer) == ["input>reorder>conv", "conv", "conv>reorder>output"])
    #expect(record.workloads.map(\.key.kind) == ["reorder", "convolution", "reorder"])
    #expect(record.workloads.allSatisfy { $0.status == .ok && $0.key.layerIndex == 0 })
    #expect(record.samples.count == 3 * options.rounds)
  }

  @Test("In every round both passes have a block, and they take turns in coming first")
  func alternate() throws {
    let record = try run(options([.inNet, .net], rounds: 4), [WrappedBackend(name: "a")])
    for round in 0..<4 {
      let samples = record.samples.filter { $0.round == round }
      let first = samples.filter { $0.position == 0 }
      let second = samples.filter { $0.position == 1 }
      #expect(Set(first.map(\.key.pass)) == [round.isMultiple(of: 2) ? .inNet : .net])
      #expect(Set(second.map(\.key.pass)) == [round.isMultiple(of: 2) ? .net : .inNet])
      #expect(Set(samples.map(\.block.iterations)).count == 1)
      #expect(Set(samples.map(\.position)) == [0, 1])
    }
  }

  @Test("Either pass can be had alone", arguments: [Pass.inNet, .net])
  func alone(pass: Pass) throws {
    let record = try run(options([pass], rounds: 1), [WrappedBackend(name: "a")])
    #expect(Set(record.workloads.map(\.key.pass)) == [pass])
    #expect(Set(record.samples.map(\.key.pass)) == [pass])
    #expect(record.workloads.contains { $0.key.layer == "net" } == (pass == .net))
  }

  @Test("A net that is wrong gives none of its steps a time, and says so with in-net alone too")
  func wrong() throws {
    let bad = WrappedBackend(name: "bad", flaw: .writesZeros)
    for passes in [[Pass.inNet], [.inNet, .net]] {
      let record = try run(options(passes, rounds: 1), [bad])
      let rows = record.workloads.filter { $0.status != .elided }
      #expect(rows.allSatisfy { $0.status == .failed && !$0.reason.isEmpty })
      #expect(rows.contains { $0.key.layer == "net" })
      #expect(record.samples.isEmpty)
    }
  }

  @Test("The steps' times are totals over the block and add up to it; a worker tells the same")
  func steps() throws {
    let local = LocalHost { _ in [] }
    defer { local.close() }
    let worker = try WorkerHost(command: [WorkerTests.program, "worker"])
    defer { worker.close() }
    let simd = SIMDBackend()
    let hosts: [any WorkloadHost] = [local, worker]
    var request = try makeRequest(
      nil, network: "caffenet-mini", on: simd, netPasses: [.inNet])
    // What is chosen by measuring may differ.
    for layer in ["fc6", "fc7", "fc8"] { request.tiles[layer] = "2x2048" }
    var steps: [[StepFacts]] = []
    for host in hosts {
      let net = try host.prepare(request)
      let measured = try net.timeSteps(BlockRequest(iterations: 5, isPrimed: true))
      #expect(measured.block.iterations == 5)
      #expect(measured.stepNanoseconds.count == net.facts.steps.count)
      #expect(measured.stepNanoseconds.reduce(0, +) == measured.block.wallNanoseconds)
      for (step, time) in zip(net.facts.steps, measured.stepNanoseconds) {
        #expect((time == 0) == step.isElided)
      }
      steps.append(net.facts.steps)
    }
    #expect(steps[0] == steps[1])
    for host in hosts {
      let layer = try host.prepare(makeRequest("conv1", network: "caffenet-mini", on: simd))
      #expect(layer.facts.steps.isEmpty)
      #expect(throws: MeasuringError.self) {
        try layer.timeSteps(BlockRequest(iterations: 1, isPrimed: false))
      }
    }
  }

  @Test("A worker refuses a net's pass of a layer alone, the other way round, and an empty block")
  func refusals() throws {
    let worker = try WorkerHost(command: [WorkerTests.program, "worker"])
    defer { worker.close() }
    var message = try WorkerProtocol.Workload(makeRequest("conv", on: SIMDBackend()))
    for (layer, pass) in [("conv", Pass.inNet), ("conv", .net), (nil, .isolated)] {
      message.layer = layer
      message.pass = pass
      #expect {
        try worker.prepare(message)
      } throws: {
        guard case .workload(.unsupported, let reason)? = $0 as? MeasuringError else {
          return false
        }
        return reason.contains("pass '\(pass.rawValue)'")
      }
    }
    message.layer = "conv"
    let layer = try worker.prepare(message)
    #expect(throws: MeasuringError.self) {
      try layer.time(BlockRequest(iterations: 0, isPrimed: false))
    }
  }
}
