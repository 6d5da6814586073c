import Reporting
import Results
import Testing

struct RoofTests {
  private static let roofs = [
    TestRun.roof(.multiplyAdd, isa: "avx512", 100), TestRun.roof(.multiplyAdd, isa: "avx2", 50),
    TestRun.roof(.multiplyAdd, isa: "baseline", 10),
    TestRun.roof(.level1, 200, capacity: 1000), TestRun.roof(.level2, 100, capacity: 10_000),
    TestRun.roof(.level3, 50, capacity: 100_000), TestRun.roof(.memory, 10),
    TestRun.roof(.multiplyAdd, isa: "avx2", threads: 2, 100),
    TestRun.roof(.level1, threads: 2, 400, capacity: 2000),
    TestRun.roof(.memory, threads: 2, 16),
  ]

  /// One row of a layer: 700 of its 1000 bytes are weights, or `scale` times that.
  private func work(
    flops: Int, scale: Int = 1, isa: String = "avx2", threads: Int = 1, nanoseconds: [Int] = [100],
    cache: CacheMode = .warm, roofs: [RoofRow] = roofs
  ) throws -> WorkSummary {
    var run = TestRun()
    run.addLayer("conv1", index: 0, flops: flops)
    run.layers[0].inputBytes *= scale
    run.layers[0].outputBytes *= scale
    run.layers[0].weightBytes *= scale
    var key = TestRun.key("conv1", index: 0, isa: isa, threads: threads)
    key.cache = cache
    run.add(key, nanoseconds: nanoseconds)
    let rows = summarise(
      samples: run.samples, workloads: run.workloads, layers: run.layers, roofs: roofs)
    return try #require(rows.first).work
  }

  private func expect(
    _ work: WorkSummary, _ percent: Double, _ bound: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(work.percentOfRoof == percent, sourceLocation: sourceLocation)
    #expect(work.bound == bound, sourceLocation: sourceLocation)
    #expect(work.roofReason.isEmpty, sourceLocation: sourceLocation)
  }

  private func expectNone(
    _ work: WorkSummary, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(work.percentOfRoof == nil, sourceLocation: sourceLocation)
    #expect(work.bound.isEmpty, sourceLocation: sourceLocation)
    #expect(work.roofReason == reason, sourceLocation: sourceLocation)
  }

  @Test("Much arithmetic on few bytes is bound by compute")
  func compute() throws {
    // 2500 FLOP at 50 per ns; 1000 bytes would take 5 ns.
    expect(try work(flops: 2500), 50, "compute")
    // A tie is arithmetic's.
    expect(try work(flops: 250), 5, "compute")
  }

  @Test(
    "Few operations are bound by the smallest level that holds all bytes",
    arguments: [
      (1, "L1", 5), (2, "L2", 20), (10, "L2", 100), (11, "L3", 220), (100, "L3", 2000),
      (101, "memory", 10100),
    ] as [(Int, String, Double)])
  func levels(scale: Int, bound: String, nanoseconds: Double) throws {
    expect(try work(flops: 1, scale: scale), nanoseconds, bound)
  }

  @Test("Cold weights come from memory, the rest from where it is")
  func coldWeights() throws {
    // 700 bytes at 10 per ns, then 300 at 200 per ns.
    expect(try work(flops: 1, cache: .coldWeights), 70 + 1.5, "memory")
    expect(try work(flops: 5000, cache: .coldWeights), 100, "compute")
    let fast = Self.roofs.filter { $0.level != .memory } + [TestRun.roof(.memory, 1000)]
    expect(try work(flops: 1, cache: .coldWeights, roofs: fast), 0.7 + 1.5, "L1")
    expect(try work(flops: 1, cache: .cold), 100, "memory")
  }

  @Test(
    "The peak is that of the row's instruction set, or of the next better one",
    arguments: [
      ("avx512", 100), ("avx2", 50), ("avx", 50), ("baseline", 10), ("external", 100),
    ] as [(String, Double)])
  func instructionSets(isa: String, peak: Double) throws {
    expect(try work(flops: 5000, isa: isa), 5000 / peak, "compute")
  }

  @Test("Where no better instruction set was probed, the best there is stands for it")
  func bestOfLesser() throws {
    let old = Self.roofs.filter { $0.isa == "baseline" || $0.kind == .read }
    for isa in ["avx", "avx2", "avx512", "external"] {
      expect(try work(flops: 5000, isa: isa, roofs: old), 500, "compute")
    }
    let gap = Self.roofs.filter { $0.isa != "avx2" || $0.kind == .read }
    expect(try work(flops: 5000, isa: "avx", roofs: gap), 50, "compute")
  }

  @Test("Roofs are those of the row's number of threads")
  func threads() throws {
    expect(try work(flops: 5000, threads: 2), 50, "compute")
    expect(try work(flops: 1, scale: 2, threads: 2), 5, "L1")
    expect(try work(flops: 1, scale: 3, threads: 2), 187.5, "memory")
    expectNone(try work(flops: 1, threads: 3), "no arithmetic was probed at 3 threads")
  }

  @Test("A row without roofs says why")
  func missing() throws {
    expectNone(try work(flops: 1, roofs: []), "roofs are not measured yet")
    expectNone(
      try work(flops: 1, roofs: Self.roofs.filter { $0.kind == .read }),
      "no arithmetic was probed at 1 thread")
    let blind = Self.roofs.filter { $0.capacityBytes == nil }
    expectNone(
      try work(flops: 1, roofs: blind), "the sizes of the caches are not known at 1 thread")
    expect(try work(flops: 1, cache: .cold, roofs: blind), 100, "memory")
    let scarce = Self.roofs.filter { $0.level != .memory }
    expect(try work(flops: 1, roofs: scarce), 5, "L1")
    for work in [
      try work(flops: 1, scale: 1000, roofs: scarce),
      try work(flops: 1, cache: .coldWeights, roofs: scarce),
    ] {
      expectNone(work, "the bandwidth of memory was not probed at 1 thread")
    }
    expectNone(try work(flops: 1, nanoseconds: []), "no block was timed")
  }

  @Test("A row that is not ok, or has no geometry, has no roof")
  func noTime() {
    var run = TestRun()
    run.addLayer("conv1", index: 0, flops: 5000)
    run.add(TestRun.key("conv1", index: 0), status: .failed, reason: "why", nanoseconds: [1])
    run.add(TestRun.key("conv2", index: 4), nanoseconds: [1])
    let rows = summarise(
      samples: run.samples, workloads: run.workloads, layers: run.layers, roofs: Self.roofs)
    expectNone(rows[0].work, "")
    expectNone(rows[1].work, "layers.csv has no row of this layer and batch")
  }

  @Test("The order of the roofs does not matter")
  func order() throws {
    for scale in [1, 2, 11, 101] {
      #expect(
        try work(flops: 100, scale: scale)
          == work(flops: 100, scale: scale, roofs: Self.roofs.reversed()))
    }
  }
}

/// What the tables show of roofs.
struct RoofTableTests {
  private static let roofs = [
    TestRun.roof(.multiplyAdd, isa: "avx512", 118.2),
    TestRun.roof(.multiplyAdd, isa: "avx2", 117.9),
    TestRun.roof(.multiplyAdd, isa: "baseline", 30.24),
    TestRun.roof(.level1, 301.4, capacity: 32768), TestRun.roof(.level2, 120, capacity: 1 << 20),
    TestRun.roof(.level3, 60.04, capacity: 32 << 20), TestRun.roof(.memory, 32.06),
    TestRun.roof(.memory, threads: 4, 99.5),
  ]

  /// - Parameter delegate: whom `winograd` hands its ReLU to.
  private func table(
    _ content: CellContent, delegate: String = "simd", roofs: [RoofRow] = roofs,
    backends: [String] = ["winograd", "simd"]
  ) -> RunTable {
    var run = TestRun()
    run.addLayer("conv1", index: 0, flops: 421_660_800)
    run.addLayer("relu1", index: 1, kind: "relu", flops: 580_800)
    for (index, backend) in backends.enumerated() {
      run.add(
        TestRun.key("conv1", index: 0, backend: backend),
        nanoseconds: [2_000_000 * (index + 1)])
      run.add(
        TestRun.key("relu1", index: 1, backend: backend, kind: "relu"),
        delegatedTo: index == 0 ? delegate : "", nanoseconds: [31_000 + 1000 * index])
    }
    let rows = summarise(
      samples: run.samples, workloads: run.workloads, layers: run.layers, roofs: roofs)
    return RunTable(summary: rows, roofs: roofs, showing: content)
  }

  @Test("The roofs of a table's threads stand below it")
  func line() {
    let text = table(.rate).terminal(isBold: false)
    #expect(text == Golden.roofLine)
    #expect(table(.rate).markdown().contains("\n- roofs at 1 thread: fma 118 GFLOP/s (avx512), "))
    #expect(!table(.rate, roofs: []).terminal(isBold: false).contains("roofs at"))
  }

  @Test("Cells show the percentage of the roof, delegated ones beside the arrow")
  func percent() {
    #expect(table(.roof).terminal(isBold: false) == Golden.roofPercent)
    #expect(table(.roof).markdown().contains("| relu1 | 0.0310 · →simd 15.9 | 0.0320 · 15.4 |"))
  }

  @Test("Where the table would be too wide, the arrow stands alone")
  func narrow() {
    let backends = ["winograd", "im2col-openblas", "im2col-blis", "naive", "simd"]
    let long = String(repeating: "x", count: 22)
    let text = table(.roof, delegate: long, backends: backends).terminal(isBold: false)
    #expect(text.contains("→\(long) "))
    let longer = table(.roof, delegate: long + "xxxx", backends: backends).terminal(isBold: false)
    #expect(longer.contains("→\(long)xxxx  ") && !longer.contains("→\(long)xxxx 15.9"))
  }

  @Test("A roof that is missing has its reason in a footnote")
  func missing() {
    let text = table(.roof, roofs: []).terminal(isBold: false)
    #expect(text.contains("4.000  [1]"))
    #expect(text.contains("\n[1] roofs are not measured yet\n"))
  }
}
