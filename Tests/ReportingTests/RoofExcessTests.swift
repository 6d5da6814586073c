import Reporting
import Results
import Testing

@Suite("Workloads that are faster than a roof")
struct RoofExcessTests {
  private static let roofs = [
    TestRun.roof(.multiplyAdd, isa: "avx512", 100), TestRun.roof(.multiplyAdd, isa: "avx2", 50),
    TestRun.roof(.level1, 200, capacity: 1000), TestRun.roof(.level2, 100, capacity: 10_000),
    TestRun.roof(.memory, 10),
  ]

  /// One row that takes 100 ns.
  private func excesses(
    flops: Int = 1, executed: Int?? = .none,
    bytes: (input: Int, output: Int, weight: Int) = (0, 0, 0), executedBytes: Int? = nil,
    cache: CacheMode = .warm, threads: Int = 1, isNet: Bool = false, roofs: [RoofRow] = roofs,
    change: (inout LayerRow) -> Void = { _ in }
  ) -> [RoofExcess] {
    var run = TestRun()
    run.addLayer("conv1", index: isNet ? -1 : 0, flops: flops)
    run.layers[0].inputBytes = bytes.input
    run.layers[0].outputBytes = bytes.output
    run.layers[0].weightBytes = bytes.weight
    change(&run.layers[0])
    var key = TestRun.key("conv1", index: isNet ? -1 : 0, threads: threads)
    key.cache = cache
    run.add(key, nanoseconds: [100])
    if case .some(let executed) = executed { run.workloads[0].facts.executedFLOPs = executed }
    run.workloads[0].facts.executedBytes = executedBytes
    let rows = summarise(
      samples: run.samples, workloads: run.workloads, layers: run.layers, roofs: roofs)
    return RoofExcess.list(rows, layers: run.layers, roofs: roofs)
  }

  private func expect(
    _ found: [RoofExcess], _ bound: String?, _ percent: Double = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.map(\.bound) == (bound.map { [$0] } ?? []), sourceLocation: sourceLocation)
    for excess in found {
      #expect(abs(excess.percent - percent) < 1e-9, sourceLocation: sourceLocation)
    }
  }

  @Test("are found from 5 % on, by the operations that they execute")
  func compute() {
    expect(excesses(flops: 5250), nil)
    expect(excesses(flops: 5300), "compute", 106)
    // Fewer than the direct algorithm has: only they count.
    expect(excesses(flops: 50_000, executed: .some(5000)), nil)
    expect(excesses(flops: 50_000, executed: .some(6000)), "compute", 120)
    // Nobody knows how many.
    expect(excesses(flops: 50_000, executed: .some(nil)), nil)
  }

  @Test("are not found where products with padding may be left out")
  func padding() {
    // 3×3 filters on 4×4 pixels: 10 of 12 rows meet the input, and as many columns.
    func padded(_ flops: Int, _ executed: Int, problem: String = "k1 r3 p1") -> [RoofExcess] {
      excesses(flops: flops, executed: .some(executed)) {
        ($0.problem, $0.inputShape, $0.outputShape) = (problem, "1x1x4x4", "1x1x4x4")
      }
    }
    expect(padded(7200, 7200), nil)
    expect(padded(8640, 8640), "compute", 120)
    // A ReLU that is fused runs as a whole.
    expect(padded(7200, 8200), "compute", 120)
    // The columns have no padding: 4 outputs read 6 columns.
    let wide = excesses(flops: 7200) {
      ($0.problem, $0.inputShape, $0.outputShape) = ("k1 r3 p1 q0", "1x1x4x6", "1x1x4x4")
    }
    expect(wide, "compute", 120)
  }

  @Test("are not looked for in a net that executes what its layers have")
  func net() {
    expect(excesses(flops: 9000, isNet: true), nil)
    expect(excesses(flops: 9000, executed: .some(8000), isNet: true), "compute", 160)
  }

  @Test("are found by what they read, as much of it as fits from the nearest cache")
  func reading() {
    // 5 ns in the first cache, 90 in the second, and the rest from memory.
    expect(excesses(bytes: (10_000, 0, 0)), nil)
    expect(excesses(bytes: (5000, 1_000_000, 5500)), "L2", 145)
    expect(excesses(bytes: (5000, 0, 15_000)), "memory", 1095)
    // Results may leave on a way of their own, and what does nothing reads nothing.
    expect(excesses(bytes: (0, 1_000_000, 0)), nil)
    expect(excesses(bytes: (100_000, 0, 0), executedBytes: 0), nil)
  }

  @Test("that have to come from memory are held against its bandwidth")
  func cold() {
    expect(excesses(bytes: (500, 0, 500), cache: .cold), nil)
    expect(excesses(bytes: (600, 0, 500), cache: .cold), "memory", 110)
    // Inputs may come from their cache at the same time.
    expect(excesses(bytes: (600, 0, 1000), cache: .coldWeights), nil)
    expect(excesses(bytes: (600, 0, 1100), cache: .coldWeights), "memory", 110)
    expect(excesses(bytes: (12_000, 0, 10), cache: .coldWeights), "memory", 295)
  }

  @Test("need a roof that was probed")
  func missing() {
    expect(excesses(flops: 90_000, bytes: (90_000, 0, 0), roofs: []), nil)
    expect(excesses(flops: 90_000, bytes: (90_000, 0, 0), threads: 2), nil)
    let arithmetic = Self.roofs.filter { $0.kind == .compute }
    expect(excesses(bytes: (90_000, 0, 0), roofs: arithmetic), nil)
    expect(excesses(flops: 6000, roofs: arithmetic), "compute", 120)
  }

  @Test("are named with the row and the roof")
  func sentence() {
    #expect(
      excesses(bytes: (0, 0, 1310), cache: .coldWeights).map(\.warning) == [
        "faster than the roof: simd on conv1 (alexnet, batch 2, 1 thread, cold-weights caches) "
          + "reaches 131.0 % of the bandwidth of memory: the roof or the count is wrong"
      ])
  }
}
