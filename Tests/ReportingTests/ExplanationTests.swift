import Foundation
import Networks
import Reporting
import Results
import Testing

@Suite struct ExplanationTests {
  private static let roofs = [
    TestRun.roof(.multiplyAdd, isa: "avx2", 50), TestRun.roof(.level1, 200, capacity: 2000),
    TestRun.roof(.memory, 10),
  ]

  /// A run with one backend per time; 100,000 FLOP take 2000 ns at the peak.
  private func files(
    _ times: [(backend: String, nanoseconds: Int)], phases: [PhaseRow] = [],
    counters: [CounterRow] = [], implementation: String = "f32-conv-direct-14x32-avx2",
    delegatedTo: String = "", threads: Int = 1
  ) throws -> RunFiles {
    var run = TestRun()
    run.addLayer("conv1", index: 0, flops: 100_000)
    for (backend, time) in times {
      run.add(
        TestRun.key("conv1", index: 0, backend: backend, threads: threads),
        implementation: implementation, delegatedTo: delegatedTo, nanoseconds: [time])
    }
    return try files(of: run, phases: phases, counters: counters)
  }

  private func files(
    of run: TestRun, phases: [PhaseRow] = [], counters: [CounterRow] = []
  ) throws -> RunFiles {
    let roofs =
      Self.roofs
      + Self.roofs.map { roof in
        var second = roof
        second.threads = 2
        return second
      }
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-explain-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let files = try RunFolder(parent: folder)
    try files.append(run.samples)
    try files.write(run.workloads)
    try files.write(run.layers)
    try files.write(roofs)
    try files.write(
      summarise(
        samples: run.samples, workloads: run.workloads, layers: run.layers, roofs: roofs))
    if !phases.isEmpty { try files.write(phases) }
    if !counters.isEmpty { try files.write(counters) }
    try files.write(
      Environment(
        runID: "r", startedAt: "2026-01-01T00:00:00Z", arguments: [], seeds: [:],
        build: BuildEnvironment(compiler: "c", configuration: "release"), host: HostEnvironment()))
    return try RunFiles(folder: files.path)
  }

  private func sentence(_ files: RunFiles) throws -> String {
    let text = try #require(Explanation(of: "conv1", in: files)).terminal()
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.hasPrefix("  => ") })
    return lines[start...].joined(separator: " ").replacing(/\s+/, with: " ")
  }

  @Test("A net is held against the time that its weights take to arrive")
  func reading() throws {
    var run = TestRun()
    run.layers.append(
      LayerRow(
        runID: "r", network: "alexnet", layerIndex: -1, layer: "net", stage: "net",
        kind: "network", batch: 2, inputShape: "", outputShape: "", problem: "",
        multiplyAdds: 1, flops: 2, parameters: 0, inputBytes: 10_000, outputBytes: 200,
        weightBytes: 900_000))
    run.add(TestRun.netKey(), nanoseconds: [150_000])
    // Transformed weights are more than the net's.
    run.workloads[0].facts.weightBytes = 990_000
    let text = try #require(Explanation(of: "net", in: try files(of: run))).terminal()
      .replacing(/\s+/, with: " ")
    // 1 MB at 10 GB/s.
    #expect(
      text.contains(
        "reads 1 MB at least, the weights as they are kept and the input: 0.1000 ms at the 10.0 GB/s "
          + "of memory; it takes 1.5000 times as long"), "\(text)")
  }

  @Test("A layer with 16-bit weights is held against the time of half the bytes")
  func precisions() throws {
    func percent(_ precision: Precision) throws -> Double {
      var run = TestRun()
      run.addLayer("fc6", index: 0, kind: "inner_product", flops: 100)
      run.layers[0].weightBytes = 99_700
      run.add(TestRun.key("fc6", index: 0, kind: "inner_product"), nanoseconds: [20_000])
      run.workloads[0].facts.precision = precision
      let rows = summarise(
        samples: run.samples, workloads: run.workloads, layers: run.layers, roofs: Self.roofs)
      return try #require(rows[0].work.percentOfRoof)
    }
    // 100,000 bytes at 10 GB/s are 10 µs.
    #expect(try abs(percent(.single) - 50) < 0.01)
    #expect(try abs(percent(.halfWeights) - 25.075) < 0.01)
  }

  private func phase(_ name: String, _ share: Double) -> PhaseRow {
    PhaseRow(
      key: TestRun.key("conv1", index: 0), phase: name, callCount: 5, nanoseconds: 1,
      sharePercent: share)
  }

  private func derived(_ event: String, _ value: Double, threads: Int = 1) -> CounterRow {
    CounterRow(
      key: TestRun.key("conv1", index: 0, threads: threads), source: "derived", event: event,
      perCall: value, scope: "user", status: "ok")
  }

  @Test("A backend near a roof is bound by it")
  func atRoof() throws {
    #expect(try sentence(files([("simd", 2500)])).contains("simd is bound by peak arithmetic."))
  }

  @Test("One above its roof has an algorithm with fewer operations")
  func aboveRoof() throws {
    let text = try sentence(
      files(
        [("simd", 1000)], phases: [phase("gemm", 60), phase("input_transform", 40)],
        implementation: "f32-conv-winograd-f4x4r3x3-avx2"))
    #expect(text.contains("needs fewer operations"))
    #expect(text.contains("input_transform (40.0 %)"))
    #expect(try sentence(files([("simd", 1900)])).contains("simd is bound by peak arithmetic."))
  }

  @Test("A large phase beside the products is named; a layer without products has no such overhead")
  func phases() throws {
    let text = try sentence(
      files([("simd", 8000)], phases: [phase("im2col", 45), phase("gemm", 55)]))
    #expect(text.contains("spends 45.0 % of its time in im2col"))
    #expect(text.contains("25.0 % of what peak arithmetic allows"))
    let rest = try sentence(files([("simd", 8000)], phases: [phase("rest", 100)]))
    #expect(rest.contains("below every roof"))
  }

  @Test("Counters name waiting, page faults and idle processors")
  func counters() throws {
    let waiting = try sentence(files([("simd", 8000)], counters: [derived("ipc", 0.4)]))
    #expect(waiting.contains("simd waits: 0.40 instructions per cycle"))
    let faults = try sentence(
      files([("simd", 8000)], counters: [derived("page_faults_per_call", 12)]))
    #expect(faults.contains("takes 12 page faults in every call"))
    let idle = try sentence(
      files([("simd", 8000)], counters: [derived("cpus_used", 1.1, threads: 2)], threads: 2))
    #expect(idle.contains("had 2 processors for 55.0 % of the time"))
  }

  @Test("Without more files it says what would tell more; delegates are named")
  func little() throws {
    #expect(try sentence(files([("simd", 8000)])).contains("--breakdown"))
    #expect(
      try sentence(files([("winograd", 8000)], delegatedTo: "simd"))
        .contains("handed the layer to simd"))
  }

  @Test("Every backend of the layer has its block, and a layer that is not there is nil")
  func blocks() throws {
    let files = try files([("naive", 90000), ("simd", 2500)])
    let text = try #require(Explanation(of: "conv1", in: files)).terminal()
    #expect(text.contains("\nnaive (avx2): ") && text.contains("\nsimd (avx2): "))
    #expect(text.contains("alexnet conv1, batch 2, 1 thread, warm caches"))
    #expect(Explanation(of: "conv9", in: files) == nil)
    #expect(Explanation.layers(of: files) == ["conv1"])
  }
}
