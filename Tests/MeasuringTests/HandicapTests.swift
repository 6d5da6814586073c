import Backends
import Execution
import Measuring
import Networks
import Reporting
import Results
import Testing

@Suite struct HandicapTests {
  @Test("The text is a layer and a percentage, with or without a backend")
  func parsing() throws {
    let one = try Handicap("simd#2:conv3=15%")
    #expect(one == Handicap(backend: "simd#2", layer: "conv3", percent: 15))
    #expect(one.description == "simd#2:conv3=15%")
    #expect(try Handicap("fc6=2.5") == Handicap(layer: "fc6", percent: 2.5))
    #expect(try Handicap("fc6=2.5").description == "fc6=2.5%")
  }

  @Test(
    "Anything else is refused with a sentence",
    arguments: [
      "conv3", "=5%", "a:b:c=5%", ":conv3=5%", "conv3=", "conv3=x%", "conv3=0", "conv3=-5%",
      "conv3=1e9%", "conv3=nan", "conv3=5%=6%",
    ])
  func refusals(text: String) throws {
    #expect { try Handicap(text) } throws: { "\($0)".contains("conv3=15%") }
  }

  @Test("A block with a handicap of 300 % lasts at least four times as long as its work")
  func longer() throws {
    let times = WorkClock()
    let host = LocalHost { _ in [ClockedBackend(clock: times)] }
    defer { host.close() }
    let workload = WorkloadRequest(
      network: "", problem: smallProblem, layer: "conv", backend: "clocked", isa: "baseline",
      pass: .isolated)
    let handle = try host.prepare(workload).handle
    times.reset()
    let block = try host.time(
      handle, BlockRequest(iterations: 20, isPrimed: false, handicap: 3))
    #expect(block.iterations == 20)
    #expect(block.wallNanoseconds >= 4 * times.nanoseconds)
  }

  @Test("In a net the steps that are named get longer, and the block with them")
  func steps() throws {
    let times = WorkClock()
    let host = LocalHost { _ in [ClockedBackend(clock: times)] }
    defer { host.close() }
    let workload = WorkloadRequest(
      network: "", problem: smallProblem, layer: nil, backend: "clocked", isa: "baseline",
      pass: .inNet)
    let handle = try host.prepare(workload).handle
    times.reset()
    let measured = try host.timeSteps(
      handle, BlockRequest(iterations: 20, isPrimed: false, stepHandicaps: [3]))
    #expect(measured.block.wallNanoseconds >= 4 * times.nanoseconds)
    #expect(measured.stepNanoseconds == [measured.block.wallNanoseconds])
  }

  private func options(_ handicaps: [Handicap]) -> RunOptions {
    var options = RunOptions()
    options.networks = ["caffenet-mini"]
    options.layers = ["conv3", "relu3"]
    options.rounds = 1
    options.warmUpNanoseconds = 0
    options.handicaps = handicaps
    return options
  }

  @Test("All that is slowed down says so, and nothing else")
  func labels() throws {
    let record = try run(
      options([Handicap(backend: "b", layer: "conv3", percent: 50)]),
      [WrappedBackend(name: "a"), WrappedBackend(name: "b")])
    for row in record.workloads where row.status == .ok {
      let isSlowed =
        row.key.backend == "b" && (row.key.layer == "conv3" || row.key.pass == .net)
      #expect((row.facts.handicap != nil) == isSlowed, "\(row.key)")
      if isSlowed {
        #expect(row.facts.handicap == (row.key.pass == .net ? "(conv3=50%)" : "50%"))
      }
      #expect(row.repro.contains("--handicap b:conv3=50%"))
    }
    #expect(record.warnings.isEmpty)
    let summary = summarise(
      samples: record.samples, workloads: record.workloads, layers: record.layers)
    let text = RunTable(summary: summary).terminal(isBold: false)
    #expect(text.contains("slower by 50% on purpose (--handicap)"))
    #expect(text.contains("slower by (conv3=50%) on purpose (--handicap)"))
  }

  @Test("A layer that is fused or elided in a net is not slowed down there, which is said")
  func fused() throws {
    let record = try run(options([Handicap(layer: "relu3", percent: 50)]), [SIMDBackend()])
    #expect(record.warnings.count == 1)
    #expect(record.warnings.first?.contains("relu3 does nothing in the net of simd") == true)
    let slowed = record.workloads.filter { $0.facts.handicap != nil }
    #expect(slowed.map(\.key.layer) == ["relu3"])
    #expect(slowed.map(\.key.pass) == [.isolated])
  }

  @Test("A layer or backend that the run does not have is refused")
  func unknown() throws {
    for handicap in [
      Handicap(layer: "conv9", percent: 5), Handicap(backend: "c", layer: "conv3", percent: 5),
    ] {
      #expect(throws: MeasuringError.self) {
        try options([handicap]).validate(backends: ["a", "b"])
      }
    }
  }
}
