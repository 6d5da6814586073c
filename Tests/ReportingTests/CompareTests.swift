import Reporting
import Results
import Testing

struct CompareTests {
  private static let blas = "im2col-openblas"

  private func compared(_ run: TestRun) -> [BackendRatioRow] {
    compare(samples: run.samples, workloads: run.workloads)
  }

  /// Times around `center`, wobbling by up to 2 in a thousand.
  private func times(_ center: Int, count: Int = 20, from seed: Int = 0) -> [Int] {
    (0..<count).map { center + center * (($0 * 7 + seed) % 5 - 2) / 1000 }
  }

  private func pair(_ baseline: [Int], _ contender: [Int]) throws -> BackendRatioRow {
    var run = TestRun()
    run.add(TestRun.key("conv1", index: 0, backend: Self.blas), nanoseconds: baseline)
    run.add(TestRun.key("conv1", index: 0), nanoseconds: contender)
    let rows = compared(run)
    #expect(rows.count == 1)
    return try #require(rows.first)
  }

  @Test(
    "The verdict is the contender's, from where its interval lies",
    arguments: [
      (1_000_000, 1_100_000, .slower), (1_100_000, 1_000_000, .faster),
      (1_000_000, 1_000_000, .equivalent),
    ] as [(Int, Int, ComparisonVerdict)])
  func verdicts(baseline: Int, contender: Int, verdict: ComparisonVerdict) throws {
    let row = try pair(times(baseline), times(contender, from: 3))
    #expect(row.verdict == verdict)
    #expect(row.reason.isEmpty)
    #expect(row.baseline == Self.blas)
    #expect(row.contender == "simd")
    #expect(row.scope == .process)
    #expect(row.pairCount == 20)
    #expect(row.correction == "bonferroni over 1")
    #expect(row.alpha == 0.05)
    let lower = try #require(row.intervalLower)
    let upper = try #require(row.intervalUpper)
    let ratio = try #require(row.ratio)
    #expect(lower <= ratio && ratio <= upper)
    #expect(abs(ratio - Double(contender) / Double(baseline)) < 0.005)
    let effect = try #require(row.detectableEffectPercent)
    #expect(effect > 0 && effect < 2)
  }

  @Test("A wide interval that holds 1 is inconclusive, with what would have been detected")
  func inconclusive() throws {
    let wide = (0..<20).map { 1_000_000 + ($0.isMultiple(of: 2) ? 100_000 : -100_000) }
    let row = try pair(times(1_000_000), wide)
    #expect(row.verdict == .inconclusive)
    #expect(!row.reason.isEmpty)
    #expect(try #require(row.detectableEffectPercent) > 9)
  }

  @Test("An interval is inside the margin when both of its ends are")
  func margin() {
    #expect(BackendComparisonRule.verdict(lower: 1 / 1.02, upper: 1.02) == .equivalent)
    #expect(BackendComparisonRule.verdict(lower: 0.97, upper: 1.01) == .inconclusive)
    #expect(BackendComparisonRule.verdict(lower: 0.99, upper: 1.03) == .inconclusive)
    #expect(BackendComparisonRule.verdict(lower: 1, upper: 1) == .equivalent)
    #expect(BackendComparisonRule.verdict(lower: 1.001, upper: 1.01) == .slower)
  }

  @Test("Ratios are taken within rounds, so that common drift is no scatter")
  func drift() throws {
    // The machine slows down threefold; the contender takes 3 % longer in every round.
    let baseline = (0..<20).map { 100_000 * (10 + $0) }
    let row = try pair(baseline, baseline.map { $0 / 100 * 103 })
    #expect(row.intervalLower == 1.03)
    #expect(row.intervalUpper == 1.03)
    #expect(row.verdict == .slower)
  }

  @Test("The error probability is shared by all comparisons that can be decided")
  func family() {
    var run = TestRun()
    for layer in 0..<3 {
      for backend in [Self.blas, "simd", "winograd"] {
        run.add(
          TestRun.key("conv\(layer)", index: layer, backend: backend),
          delegatedTo: layer == 2 && backend == "winograd" ? "simd" : "",
          nanoseconds: times(1000 + layer))
      }
    }
    let rows = compared(run)
    #expect(rows.count == 6)
    #expect(rows.filter { $0.verdict != .notComparable }.count == 5)
    for row in rows where row.verdict != .notComparable {
      #expect(row.alpha == 0.05 / 5)
      #expect(row.correction == "bonferroni over 5")
    }
  }

  @Test("What was handed to another backend has a ratio but never a verdict")
  func delegated() throws {
    var run = TestRun()
    run.add(TestRun.key("conv1", index: 0, backend: Self.blas), nanoseconds: times(1000))
    run.add(
      TestRun.key("conv1", index: 0, backend: "winograd"), delegatedTo: "simd",
      nanoseconds: times(100))
    let row = try #require(compared(run).first)
    #expect(row.verdict == .notComparable)
    #expect(row.reason == "winograd handed the layer to simd")
    #expect(row.ratio != nil)
    #expect(row.intervalLower == nil && row.intervalUpper == nil && row.alpha == nil)
    #expect(row.detectableEffectPercent == nil)
  }

  @Test("A row that is not ok on either side is not comparable, and says why")
  func notOK() {
    var run = TestRun()
    run.add(TestRun.key("conv1", index: 0, backend: Self.blas), nanoseconds: times(1000))
    run.add(TestRun.key("conv1", index: 0), status: .failed, reason: "error 3")
    run.add(
      TestRun.key("conv2", index: 1, backend: Self.blas), status: .unsupported, reason: "dilation")
    run.add(TestRun.key("conv2", index: 1), nanoseconds: times(1000))
    // Neither side has a time of its own: nothing to say.
    run.add(TestRun.key("drop6", index: 2, backend: Self.blas), status: .elided, reason: "identity")
    run.add(TestRun.key("drop6", index: 2), status: .fused, reason: "into fc6")
    let rows = compared(run)
    #expect(rows.map(\.verdict) == [.notComparable, .notComparable])
    #expect(
      rows.map(\.reason) == ["simd: failed: error 3", "im2col-openblas: unsupported: dilation"])
    #expect(rows.allSatisfy { $0.ratio == nil && $0.pairCount == 0 })
  }

  @Test("Too few pairs have a ratio, and the number that an interval takes")
  func fewPairs() throws {
    let three = try pair(times(1000), times(2000, count: 3))
    #expect(three.pairCount == 3)
    #expect(three.verdict == .notComparable)
    #expect(three.reason == "3 rounds, an interval takes 6 at least")
    #expect(try #require(three.ratio) > 1.9)

    var run = TestRun()
    for layer in 0..<4 {
      for backend in [Self.blas, "simd"] {
        run.add(
          TestRun.key("conv\(layer)", index: layer, backend: backend),
          nanoseconds: times(1000, count: 7))
      }
    }
    for row in compared(run) {
      #expect(row.verdict == .notComparable)
      #expect(row.reason == "7 rounds, with 4 comparisons an interval takes 8")
    }
  }

  @Test("With several launches a launch gives one ratio, and the verdict is about the host")
  func launches() throws {
    var run = TestRun()
    run.add(
      TestRun.key("conv1", index: 0, backend: Self.blas), nanoseconds: times(1000, count: 24),
      launches: 8)
    run.add(
      TestRun.key("conv1", index: 0), nanoseconds: times(1200, count: 24), launches: 8)
    let host = try #require(compared(run).first)
    #expect(host.scope == .host)
    #expect(host.pairCount == 8)
    #expect(host.verdict == .slower)

    run = TestRun()
    run.add(
      TestRun.key("conv1", index: 0, backend: Self.blas), nanoseconds: times(1000, count: 24),
      launches: 2)
    run.add(TestRun.key("conv1", index: 0), nanoseconds: times(1200, count: 24), launches: 2)
    let few = try #require(compared(run).first)
    #expect(few.verdict == .notComparable)
    #expect(few.reason == "2 launches, an interval takes 6 at least")
  }

  @Test("The baseline is im2col-openblas, else the first with results, naive only if alone")
  func baseline() {
    func baselines(_ backends: [(String, Status)]) -> Set<String> {
      var run = TestRun()
      for (backend, status) in backends {
        run.add(
          TestRun.key("conv1", index: 0, backend: backend), status: status,
          reason: status == .ok ? "" : "why", nanoseconds: times(1000))
      }
      return Set(compared(run).map(\.baseline))
    }
    #expect(baselines([("naive", .ok), ("simd", .ok), (Self.blas, .ok)]) == [Self.blas])
    #expect(
      baselines([("naive", .ok), (Self.blas, .unavailable), ("im2col-blis", .ok), ("simd", .ok)])
        == ["im2col-blis"])
    #expect(baselines([("naive", .ok), (Self.blas, .failed)]) == ["naive"])
    #expect(baselines([(Self.blas, .unavailable), ("simd", .skipped)]).isEmpty)
  }

  @Test("Instruction sets of one backend are compared with its first")
  func instructionSets() {
    var run = TestRun()
    run.add(TestRun.key("conv1", index: 0, isa: "avx512"), nanoseconds: times(1000))
    run.add(TestRun.key("conv1", index: 0, isa: "baseline"), nanoseconds: times(4000))
    let rows = compared(run)
    #expect(rows.map(\.baselineISA) == ["avx512"])
    #expect(rows.map(\.contenderISA) == ["baseline"])
    #expect(rows.map(\.verdict) == [.slower])
    #expect(rows[0].key.backend.isEmpty && rows[0].key.isa.isEmpty)
  }

  @Test("Inside a net, steps of a stage that one side fuses are not compared")
  func fusedStages() {
    var run = TestRun()
    for backend in [Self.blas, "simd"] {
      run.add(
        TestRun.key("conv1", index: 0, backend: backend, pass: .inNet), nanoseconds: times(1000))
      run.add(TestRun.netKey(backend: backend), nanoseconds: times(5000))
    }
    #expect(compared(run).map(\.verdict) == [.equivalent, .equivalent])
    run.add(
      TestRun.key("relu1", index: 1, backend: "simd", pass: .inNet), status: .fused,
      reason: "into conv1")
    let rows = compared(run)
    // The step, the net, and the stage as a whole.
    #expect(rows.map(\.verdict) == [.notComparable, .equivalent, .equivalent])
    #expect(rows[0].reason.contains("simd fuses layers of stage conv1"))
  }

  @Test("The same files give the same text, in whatever order the samples are")
  func repeatable() throws {
    var run = TestRun()
    for (seed, backend) in [Self.blas, "simd", "winograd"].enumerated() {
      run.add(
        TestRun.key("conv1", index: 0, backend: backend),
        nanoseconds: times(1_000_003 + 997 * seed, from: seed), iterations: 7)
    }
    let text = Schema.compare.text(compared(run))
    let samples = try Schema.samples.rows(in: Schema.samples.text(run.samples), file: "s")
    let again = compare(samples: samples.reversed(), workloads: run.workloads)
    #expect(Schema.compare.text(again) == text)
  }
}
