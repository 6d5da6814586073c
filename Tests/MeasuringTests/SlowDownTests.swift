import Backends
import Execution
import Measuring
import Networks
import Reporting
import Results
import Testing

@Suite struct SlowDownTests {
  @Test("The text is a layer and a percentage, with or without a backend")
  func parsing() throws {
    let one = try SlowDown("simd#2:conv3=15%")
    #expect(one == SlowDown(backend: "simd#2", layer: "conv3", percent: 15))
    #expect(one.description == "simd#2:conv3=15%")
    #expect(try SlowDown("fc6=2.5") == SlowDown(layer: "fc6", percent: 2.5))
    #expect(try SlowDown("fc6=2.5").description == "fc6=2.5%")
  }

  @Test(
    "Anything else is refused with a sentence",
    arguments: [
      "conv3", "=5%", "a:b:c=5%", ":conv3=5%", "conv3=", "conv3=x%", "conv3=0", "conv3=-5%",
      "conv3=1e9%", "conv3=nan", "conv3=5%=6%",
    ])
  func refusals(text: String) throws {
    #expect {
      try SlowDown(text)
    } throws: { error in
      ["conv3=15%", "is not a percentage from 0.0001 to 1000"].contains { "\(error)".contains($0) }
    }
  }

  /// The small convolution alone or as a net, slowed down by 300 %.
  private func slowed(
    _ layer: String?, _ host: LocalHost, _ times: WorkClock
  ) throws -> any Workload {
    let request = try makeRequest(layer, on: ClockedBackend(clock: times))
    return [SlowDown(layer: "conv", percent: 300)].applied(
      to: try host.prepare(request), request.place, backend: "clocked"
    ) { Issue.record("\($0)") }
  }

  @Test("A block that is slowed down by 300 % lasts at least four times as long as its work")
  func longer() throws {
    let times = WorkClock()
    let host = LocalHost { _ in [] }
    defer { host.close() }
    let workload = try slowed("conv", host, times)
    times.reset()
    let block = try workload.time(BlockRequest(iterations: 20, isPrimed: false))
    #expect(block.iterations == 20)
    #expect(block.wallNanoseconds >= 4 * times.nanoseconds)
  }

  @Test("A whole net is slowed down by its name, and its layers alone are not")
  func wholeNet() throws {
    let times = WorkClock()
    let host = LocalHost { _ in [] }
    defer { host.close() }
    func applied(_ layer: String?) throws -> any Workload {
      let request = try makeRequest(layer, on: ClockedBackend(clock: times))
      return [SlowDown(layer: SlowDown.wholeNet, percent: 300)].applied(
        to: try host.prepare(request), request.place, backend: "clocked"
      ) { Issue.record("\($0)") }
    }
    #expect(!(try applied("conv")).facts.facts.implementation.contains(WorkloadFacts.handicapMark))
    let net = try applied(nil)
    #expect(net.facts.facts.implementation.hasSuffix(WorkloadFacts.handicapMark + "(net=300%)"))
    // The first one finds out how long the steps take.
    _ = try net.time(BlockRequest(iterations: 1, isPrimed: false))
    times.reset()
    let block = try net.time(BlockRequest(iterations: 20, isPrimed: false))
    #expect(block.wallNanoseconds >= 3 * times.nanoseconds)
  }

  @Test("In a net the steps that are named get longer, and the block with them")
  func steps() throws {
    let times = WorkClock()
    let host = LocalHost { _ in [] }
    defer { host.close() }
    let workload = try slowed(nil, host, times)
    times.reset()
    let request = BlockRequest(iterations: 20, isPrimed: false)
    let measured = try workload.timeSteps(request)
    #expect(measured.block.wallNanoseconds >= 4 * times.nanoseconds)
    #expect(measured.stepNanoseconds == [measured.block.wallNanoseconds])
    // All that the net does is the step that is slowed down.
    times.reset()
    #expect(try workload.time(request).wallNanoseconds >= 4 * times.nanoseconds)
  }

  @Test("What is slowed down computes the same as before, and what is not named is left alone")
  func same() throws {
    let times = WorkClock()
    let host = LocalHost { _ in [] }
    defer { host.close() }
    let request = try makeRequest("conv", on: ClockedBackend(clock: times))
    let base = try host.prepare(request)
    let workload = try slowed("conv", host, times)
    #expect(try workload.outputs(images: nil) == base.outputs(images: nil))
    let others = [
      SlowDown(layer: "relu", percent: 300), SlowDown(backend: "b", layer: "conv", percent: 300),
    ]
    let untouched = others.applied(to: base, request.place, backend: "clocked") { _ in }
    #expect(untouched === base)
  }

  private func options(_ slowDowns: [SlowDown]) -> RunOptions {
    var options = RunOptions()
    options.networks = ["caffenet-mini"]
    options.layers = ["conv3", "relu3"]
    options.rounds = 1
    options.warmUpNanoseconds = 0
    options.slowDowns = slowDowns
    return options
  }

  @Test("All that is slowed down says so, and nothing else")
  func labels() throws {
    let record = try run(
      options([SlowDown(backend: "b", layer: "conv3", percent: 50)]),
      [WrappedBackend(name: "a"), WrappedBackend(name: "b")])
    for row in record.workloads where row.status == .ok {
      let isSlowed =
        row.key.backend == "b" && (row.key.layer == "conv3" || row.key.pass == .net)
      #expect((row.facts.handicap != nil) == isSlowed, "\(row.key)")
      if isSlowed {
        #expect(row.facts.handicap == (row.key.pass == .net ? "(conv3=50%)" : "50%"))
      }
      #expect(row.repro.contains("--slow-down b:conv3=50%"))
    }
    #expect(record.warnings.isEmpty)
    let summary = summarise(
      samples: record.samples, workloads: record.workloads, layers: record.layers)
    let text = RunTable(summary: summary).terminal(isBold: false)
    #expect(text.contains("slower by 50% on purpose (--slow-down)"))
    #expect(text.contains("slower by (conv3=50%) on purpose (--slow-down)"))
  }

  @Test("A layer that is fused or elided in a net is not slowed down there, which is said")
  func fused() throws {
    let record = try run(options([SlowDown(layer: "relu3", percent: 50)]), [SIMDBackend()])
    #expect(record.warnings.count == 1)
    #expect(record.warnings.first?.contains("relu3 does nothing in the net of simd") == true)
    let slowed = record.workloads.filter { $0.facts.handicap != nil }
    #expect(slowed.map(\.key.layer) == ["relu3"])
    #expect(slowed.map(\.key.pass) == [.isolated])
  }

  @Test("A layer or backend that the run does not have is refused")
  func unknown() throws {
    let backends = [WrappedBackend(name: "a"), WrappedBackend(name: "b")]
    for slowDown in [
      SlowDown(layer: "conv9", percent: 5), SlowDown(backend: "c", layer: "conv3", percent: 5),
    ] {
      #expect(throws: MeasuringError.self) {
        try RunMatrix(options([slowDown]), backends: backends)
      }
    }
    #expect(throws: Never.self) {
      try RunMatrix(options([SlowDown(layer: "conv3", percent: 5)]), backends: backends)
    }
  }
}
