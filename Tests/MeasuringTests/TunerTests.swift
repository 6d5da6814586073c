import Backends
import Execution
import Kernels
import Measuring
import Networks
import Results
import Testing

@Suite(.serialized) struct TunerTests {
  private func options() -> RunOptions {
    var options = RunOptions()
    options.networks = ["caffenet-mini"]
    options.backends = ["simd", "im2col-swift"]
    options.rounds = 2
    options.warmUpNanoseconds = 0
    options.passes = [.inNet, .net]
    return options
  }

  private func tune(_ options: RunOptions) throws -> [TunedNet] {
    let all = BackendCatalog.all()
    let tuner = try Tuner(
      options: options, backends: all, host: LocalHost { _ in all }, runID: "tuned",
      budgetNanoseconds: 5_000_000_000, progress: .silent,
      isInterrupted: { false })
    var nets: [TunedNet] = []
    let isComplete = try tuner.run { nets.append($0) }
    #expect(isComplete)
    return nets
  }

  @Test("A plan names a backend for every stage, and auto executes it")
  func plan() throws {
    var options = options()
    let nets = try tune(options)
    let net = try #require(nets.first)
    #expect(net.singles.count == 2 && net.network == "caffenet-mini" && net.batch == 1)
    let network = try #require(NetworkCatalog.network(named: "caffenet-mini"))
    let graph = try network.graph(batch: 1)
    var stages: [String] = []
    for node in graph.nodes where !stages.contains(node.stage) { stages.append(node.stage) }
    #expect(net.stages.map(\.stage) == stages)
    let own = net.rows.filter { $0.key.backend == "auto" }
    #expect(own.filter(\.isChosen).count >= stages.count)
    #expect(Set(own.map { "\($0.key.layer) \($0.tile)" }).count == own.count)
    #expect(
      Schema.plan.text(net.rows)
        == Schema.plan.text(
          try Schema.plan.rows(in: Schema.plan.text(net.rows), file: "plan.csv")))

    options.plan = net.rows
    options.backends = ["auto"]
    let record = try run(options, BackendCatalog.all())
    let whole = record.workloads.first { $0.key.pass == .net && $0.key.layer == "net" }
    let row = try #require(whole)
    #expect(row.status == .ok && row.check.maxAbsError != nil, "\(row.reason)")
    let steps = record.workloads.filter { $0.key.pass == .inNet && $0.status == .ok }
    #expect(!steps.isEmpty && steps.allSatisfy { !$0.facts.delegatedTo.isEmpty })
    #expect(record.samples.contains { $0.key == row.key })
    // Nothing is chosen once more.
    #expect(record.plan.isEmpty)
    for (stage, choice) in net.stages {
      #expect(row.repro.contains("\(stage)=\(choice)"))
    }
  }

  @Test("A net that is one backend's altogether says so, and is named no winner")
  func oneBackend() throws {
    var options = options()
    options.backends = ["auto"]
    let network = try #require(NetworkCatalog.network(named: "caffenet-mini"))
    for node in try network.graph(batch: 1).nodes { options.tiles[node.stage] = "winograd" }
    let record = try run(options, BackendCatalog.all())
    let net = record.workloads.first { $0.key.layer == "net" }
    #expect(net?.status == .ok && net?.facts.delegatedTo == "winograd")
    options.tiles["conv1"] = "simd"
    let mixed = try run(options, BackendCatalog.all()).workloads.first { $0.key.layer == "net" }
    #expect(mixed?.status == .ok && mixed?.facts.delegatedTo == "")
  }

  @Test("Under a plan layers alone are skipped, with the reason")
  func layersAlone() throws {
    var options = options()
    options.plan = try tune(options).flatMap(\.rows)
    options.backends = ["auto"]
    options.layers = ["conv2"]
    options.passes = [.isolated]
    let record = try run(options, BackendCatalog.all())
    #expect(record.workloads.map(\.status) == [.skipped])
    #expect(record.workloads.allSatisfy { $0.reason.contains("whole nets") })
  }

  @Test("A plan for something else, or of backends that are not here, is refused before measuring")
  func refusals() throws {
    var planned = options()
    planned.plan = try tune(planned).flatMap(\.rows)
    planned.backends = ["auto"]
    func refusal(_ change: (inout RunOptions) -> Void) -> String {
      var options = planned
      change(&options)
      let error = #expect(throws: MeasuringError.self) {
        try RunMatrix(options, backends: BackendCatalog.all())
      }
      return error?.description ?? ""
    }
    #expect(refusal { $0.plan = [] }.contains("alexbench tune"))
    #expect(refusal { $0.batches = [1, 3] }.contains("caffenet-mini, batch 3, 1 thread"))
    #expect(refusal { $0.threads = [2] }.contains("batch 1, 2 threads"))
    #expect(refusal { $0.networks = ["alexnet-mini"] }.contains("it is for caffenet-mini"))
    let missing = refusal { options in
      for index in options.plan.indices where options.plan[index].key.backend == "auto" {
        options.plan[index].tile = "im2col-nowhere"
      }
    }
    #expect(missing.contains("'im2col-nowhere'") && missing.contains("no such backend here"))
    let word = refusal { options in
      options.plan = []
      options.tiles = ["conv1": "simd", "conv2": "simb"]
    }
    #expect(word.contains("conv2=simb names no backend"))
  }

  @Test("Of all backends, auto is one only where there is a plan")
  func all() throws {
    var options = options()
    options.backends = nil
    let all = BackendCatalog.all()
    #expect(try !RunMatrix(options, backends: all).backends.contains { $0.needsPlan })
    options.plan = try tune(self.options()).flatMap(\.rows)
    #expect(try RunMatrix(options, backends: all).backends.map(\.name).contains("auto"))
  }

  @Test("What cannot be a part of a net is refused")
  func parts() throws {
    var options = options()
    options.backends = ["simd", "naive"]
    let error = #expect(throws: MeasuringError.self) { try tune(options) }
    #expect(error?.description.contains("'naive' cannot be a part of a net") == true)
  }

  @Test("A wrong backend is left out, with the reason")
  func wrong() throws {
    let wrong = WrappedBackend(name: "wrong", flaw: .writesZeros)
    let right = WrappedBackend(name: "right")
    let all: [any Backend] = [wrong, right, AutoBackend(of: [wrong, right])]
    var options = options()
    options.backends = nil
    let tuner = try Tuner(
      options: options, backends: all, host: LocalHost { _ in all }, runID: "tuned",
      budgetNanoseconds: 1_000_000_000, progress: .silent,
      isInterrupted: { false })
    var nets: [TunedNet] = []
    _ = try tuner.run { nets.append($0) }
    let net = try #require(nets.first)
    #expect(net.leftOut.map(\.backend) == ["wrong"])
    #expect(net.stages.allSatisfy { $0.choice.backend == "right" })
  }
}
