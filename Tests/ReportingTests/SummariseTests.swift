import Reporting
import Results
import Testing

struct SummariseTests {
  private func summary(_ run: TestRun) -> [SummaryRow] {
    summarise(samples: run.samples, workloads: run.workloads, layers: run.layers)
  }

  @Test("Times are order statistics per call")
  func times() {
    var run = TestRun()
    run.add(
      TestRun.key("conv1", index: 0), nanoseconds: [1000, 1100, 1050, 5000, 1020, 1080],
      iterations: 10, contaminated: [3])
    let row = summary(run)[0]
    #expect(row.launchCount == 1)
    #expect(row.roundCount == 6)
    #expect(row.contaminatedCount == 1)
    // Per call 100, 102, 105, 108, 110, 500.
    #expect(row.time.minimum == 100)
    #expect(row.time.median == 105)
    #expect(row.time.medianClean == 105)
    #expect(row.time.percentile95 == 500)
    // Deviations 5, 3, 0, 3, 5, 395.
    #expect(row.time.medianAbsoluteDeviation == 3)
    #expect(row.time.intervalLower == 100)
    #expect(row.time.intervalUpper == 500)
    #expect(row.time.intervalReason.isEmpty)
    // The interval is the whole sample, so the effect lies beyond the largest value.
    let effect = row.time.detectableEffectPercent ?? 0
    #expect(effect > 100 * (500 / 105 - 1) && effect.isFinite)
    #expect(row.time.detectableEffectReason.isEmpty)
  }

  @Test("What a workload's own interval detects grows with the scatter of its rounds")
  func detectableEffect() throws {
    func effect(_ step: Int) throws -> Double {
      var run = TestRun()
      run.add(
        TestRun.key("conv1", index: 0),
        nanoseconds: (0..<20).map { 1_000_000 + step * ($0 * 7 % 11 - 5) })
      return try #require(summary(run)[0].time.detectableEffectPercent)
    }
    #expect(try effect(0) == 0)
    let quiet = try effect(1000)
    let noisy = try effect(10_000)
    #expect(quiet > 0.1 && quiet < 0.6)
    #expect(noisy > 8 * quiet && noisy < 12 * quiet)
  }

  @Test("Fewer than six rounds have no interval, and say so")
  func fewRounds() {
    var run = TestRun()
    run.add(TestRun.key("conv1", index: 0), nanoseconds: [1, 2, 3, 4, 5])
    let time = summary(run)[0].time
    #expect(time.intervalLower == nil)
    #expect(time.intervalUpper == nil)
    #expect(time.intervalReason == "5 rounds, a 95 % interval takes 6")
    #expect(time.detectableEffectPercent == nil)
    #expect(time.detectableEffectReason == time.intervalReason)
    #expect(time.median == 3)
  }

  @Test("With several launches the interval is over their medians")
  func launches() {
    var run = TestRun()
    run.add(TestRun.key("conv1", index: 0), nanoseconds: Array(1...12), launches: 2)
    #expect(summary(run)[0].time.intervalReason == "2 launches, a 95 % interval takes 6")
    run = TestRun()
    run.add(TestRun.key("conv1", index: 0), nanoseconds: Array(1...18), launches: 6)
    let row = summary(run)[0]
    #expect(row.launchCount == 6)
    #expect(row.roundCount == 18)
    #expect(row.time.intervalLower == 2)
    #expect(row.time.intervalUpper == 17)
  }

  @Test("A median without contaminated blocks is absent when all are contaminated")
  func contaminated() {
    var run = TestRun()
    run.add(TestRun.key("conv1", index: 0), nanoseconds: [7, 9], contaminated: [0, 1])
    let row = summary(run)[0]
    #expect(row.time.median == 7)
    #expect(row.time.medianClean == nil)
    #expect(row.contaminatedCount == 2)
  }

  @Test("Rates come from geometry and the median")
  func rates() {
    var run = TestRun()
    run.addLayer("conv1", index: 0, flops: 5000)
    run.add(TestRun.key("conv1", index: 0), nanoseconds: [200, 250, 300])
    let work = summary(run)[0].work
    #expect(work.flopsAlgorithmic == 5000)
    #expect(work.flopsExecuted == 5000)
    #expect(work.bytes == 1000)
    #expect(work.gigaflopsPerSecond == 20)
    #expect(work.gigabytesPerSecond == 4)
    #expect(work.intensity == 5)
    #expect(work.percentOfRoof == nil)
    #expect(work.roofReason == "roofs are not measured yet")
  }

  @Test("Executed operations are what the backend says, whatever it is called")
  func executed() {
    var run = TestRun()
    run.addLayer("conv3", index: 8, flops: 5000)
    run.addLayer("net", index: -1, kind: "network", flops: 9000)
    run.add(
      TestRun.key("conv3", index: 8, backend: "winograd"),
      implementation: "f32-conv-winograd-f4x4-avx2", nanoseconds: [10])
    run.add(TestRun.netKey(backend: "winograd"), nanoseconds: [20])
    run.workloads[0].facts.executedFLOPs = 2100
    run.workloads[1].facts.executedFLOPs = nil
    let rows = summary(run)
    #expect(rows[0].work.flopsAlgorithmic == 5000 && rows[0].work.flopsExecuted == 2100)
    #expect(rows[0].work.flopsReason.isEmpty)
    #expect(rows[1].work.flopsExecuted == nil)
    #expect(rows[1].work.flopsReason == "the backend does not say which operations it executes")
  }

  @Test("In a run from before backends said so, all but Winograd executed the direct algorithm")
  func executedByName() throws {
    var run = TestRun()
    run.addLayer("conv3", index: 8, flops: 5000)
    run.addLayer("net", index: -1, kind: "network", flops: 9000)
    for backend in ["simd", "winograd"] {
      run.add(
        TestRun.key("conv3", index: 8, backend: backend),
        implementation: "f32-conv-\(backend)-avx2", nanoseconds: [10])
      run.add(TestRun.netKey(backend: backend), implementation: "f32-net", nanoseconds: [20])
    }
    let text = Schema.workloads.text(run.workloads)
      .replacing(",executed_flops,", with: ",another_column,")
    run.workloads = try Schema.workloads.rows(in: text, file: "w")
    let rows = summary(run)
    #expect(rows.map(\.work.flopsExecuted) == [5000, 9000, nil, nil])
    #expect(
      rows.map(\.work.flopsReason) == [
        "", "", "the transforms' operations are not counted yet",
        "the transforms' operations are not counted yet",
      ])
  }

  @Test("A layer without geometry has times but no rates")
  func noGeometry() {
    var run = TestRun()
    run.add(TestRun.key("reorder", index: 3, kind: "reorder"), nanoseconds: [10])
    let row = summary(run)[0]
    #expect(row.time.median == 10)
    #expect(row.work.gigaflopsPerSecond == nil)
    #expect(!row.work.flopsReason.isEmpty)
  }

  @Test("The share is of the net with the same backend, instruction set and threads")
  func share() {
    var run = TestRun()
    run.add(TestRun.key("conv1", index: 0), nanoseconds: [25])
    run.add(TestRun.key("conv1", index: 0, isa: "avx512"), nanoseconds: [10])
    run.add(TestRun.key("conv1", index: 0, threads: 2), nanoseconds: [10])
    run.add(TestRun.key("conv1", index: 0, backend: "blas", isa: "haswell"), nanoseconds: [10])
    run.add(TestRun.netKey(), nanoseconds: [100])
    run.add(TestRun.netKey(isa: "avx512"), nanoseconds: [80])
    run.add(TestRun.netKey(backend: "blas", isa: "external"), nanoseconds: [50])
    let rows = summary(run)
    #expect(rows.map(\.net.sharePercent) == [25, 12.5, nil, 20, nil, nil, nil])
    #expect(rows[2].net.shareReason == "the net was not measured")
    #expect(
      rows[4].net.reconcileReason == "the steps inside the net were not timed in the same rounds")
    #expect(rows[0].net.reconcileReason.isEmpty)
  }

  @Test("A row that is not ok has no time", arguments: Status.allCases.filter { $0 != .ok })
  func notOK(status: Status) {
    var run = TestRun()
    run.addLayer("conv1", index: 0, flops: 5000)
    run.add(TestRun.key("conv1", index: 0), status: status, reason: "why", nanoseconds: [1, 2])
    let row = summary(run)[0]
    #expect(row.time == TimeSummary())
    #expect(row.work.gigaflopsPerSecond == nil)
    #expect(row.net == NetSummary())
    #expect(row.workload.reason == "why")
    #expect(row.roundCount == 0)
  }

  @Test("The same files give the same text")
  func repeatable() throws {
    var run = TestRun()
    run.addLayer("conv1", index: 0, flops: 4999)
    run.add(
      TestRun.key("conv1", index: 0), nanoseconds: [1001, 1103, 1057, 1009, 1021, 1087],
      iterations: 7)
    let text = Schema.summary.text(summary(run))
    let samples = try Schema.samples.rows(in: Schema.samples.text(run.samples), file: "s")
    let workloads = try Schema.workloads.rows(in: Schema.workloads.text(run.workloads), file: "w")
    let layers = try Schema.layers.rows(in: Schema.layers.text(run.layers), file: "l")
    let again = summarise(
      samples: samples.reversed(), workloads: workloads, layers: layers.reversed())
    #expect(Schema.summary.text(again) == text)
  }
}
