import Reporting
import Results
import Testing

struct CalibrateTests {
  private func run(_ first: [Int], _ second: [Int], name: String = "simd#2") -> TestRun {
    var run = TestRun()
    run.add(TestRun.key("conv1", index: 0), nanoseconds: first)
    run.add(TestRun.key("conv1", index: 0, backend: name), nanoseconds: second)
    run.add(TestRun.key("conv2", index: 1), nanoseconds: first)
    return run
  }

  private func rows(_ run: TestRun) -> [CalibrationRow] {
    calibrate(samples: run.samples, workloads: run.workloads, hostClass: "h")
  }

  @Test("Ratios are of rounds, and what has no copy has no row")
  func ratios() throws {
    // Ratios 0.99, 1, 1.01, 1.02, 1, 0.98.
    let rows = rows(
      run([100, 200, 100, 100, 300, 100], [99, 200, 101, 102, 300, 98]))
    #expect(rows.map(\.key.layer) == ["conv1"])
    let row = try #require(rows.first)
    #expect(row.key.backend == "simd" && row.hostClass == "h")
    #expect(row.roundCount == 6)
    #expect(row.medianRatio == 1)
    #expect(row.intervalLower == 0.98 && row.intervalUpper == 1.02)
    #expect(abs(try #require(row.spreadPercent) - 1) < 1e-9)
    #expect(row.windowCount == 1 && row.falseAlarmCount == 0)
    let effect = try #require(row.detectableEffectPercent)
    #expect(effect > 1 && effect < 20 && row.detectableEffectReason.isEmpty)
  }

  @Test("The same instance under a second name is a copy as well")
  func sameInstance() {
    #expect(rows(run([100, 100], [99, 101], name: "simd@2")).map(\.key.backend) == ["simd"])
  }

  @Test("A part of the rounds in which one copy is always slower is a false alarm")
  func alarms() throws {
    let even = [Int](repeating: 100, count: 24)
    let slow = even.indices.map { $0 < 12 ? 101 : ($0.isMultiple(of: 2) ? 99 : 101) }
    let row = try #require(rows(run(even, slow)).first)
    #expect(row.windowCount == 2 && row.falseAlarmCount == 1)
    let few = try #require(rows(run([1, 1, 1], [2, 2, 2])).first)
    #expect(few.windowCount == 0 && few.falseAlarmCount == 0 && few.intervalLower == nil)
  }

  @Test("A copy that is not ok, or was never timed beside the first, gives no ratio")
  func missing() throws {
    var run = run([100, 100], [])
    #expect(rows(run).first?.roundCount == 0)
    run.workloads[1].status = .failed
    #expect(rows(run).isEmpty)
  }

  @Test("Too few rounds show no effect, and the row says so")
  func detectable() throws {
    let row = try #require(rows(run([100, 100], [100, 150])).first)
    #expect(row.detectableEffectPercent == nil)
    #expect(row.detectableEffectReason.contains("2 rounds"))
  }

  @Test("A run's table quotes the calibration of its host")
  func quoted() throws {
    let rows = rows(run([100, 100, 100], [99, 100, 101]))
    let summary = try #require(CalibrationSummary(rows))
    #expect(summary.workloadCount == 1 && summary.runID == "r")
    let table = RunTable(summary: [], calibration: summary)
    #expect(table.terminal(isBold: false).contains("this host: a backend compared with itself"))
    #expect(table.markdown().contains("1.00 % (median of 1 workloads)"))
    #expect(CalibrationSummary([]) == nil)
    #expect(CalibrationTable(rows).terminal().contains("conv1"))
  }
}
