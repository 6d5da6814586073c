import Reporting
import Results
import Testing

struct ReconciliationTests {
  /// Two steps and their net over some rounds.
  private func rows(
    steps: [[Int]], net: [Int], isa: String = "avx2", iterations: Int = 1
  ) -> [SummaryRow] {
    var run = TestRun()
    run.add(TestRun.netKey(isa: isa), nanoseconds: net, iterations: iterations)
    for (index, times) in steps.enumerated() {
      run.add(
        TestRun.key("conv\(index)", index: index, pass: .inNet), nanoseconds: times,
        iterations: iterations)
    }
    return summarise(samples: run.samples, workloads: run.workloads, layers: run.layers)
  }

  @Test("The difference is the median over rounds, of the sum of all steps")
  func median() throws {
    // 110, 90, 150 beside 100.
    let rows = rows(steps: [[60, 50, 100], [50, 40, 50]], net: [100, 100, 100])
    #expect(rows[0].net.reconcilePercent == 10)
    #expect(rows[0].net.reconcileReason.isEmpty)
    #expect(rows[1...].allSatisfy { $0.net.reconcilePercent == nil })
    #expect(rows[1].net.sharePercent == 60)
    #expect(rows[2].net.sharePercent == 50)
  }

  @Test("Rounds are paired, whatever the drift between them")
  func paired() {
    let rows = rows(steps: [[150, 300, 600]], net: [100, 200, 400], iterations: 2)
    #expect(rows[0].net.reconcilePercent == 50)
  }

  @Test("Another instruction set's net, or none of the same rounds, says so")
  func missing() {
    let other = rows(steps: [[50]], net: [100], isa: "avx512")
    #expect(other[0].net.reconcilePercent == nil)
    #expect(!other[0].net.reconcileReason.isEmpty)
    let rows = rows(steps: [], net: [100])
    #expect(!rows[0].net.reconcileReason.isEmpty)
  }

  @Test("The table names the difference below the net, and leaves out its steps")
  func table() {
    let text = RunTable(summary: rows(steps: [[60], [38]], net: [100])).terminal(isBold: false)
    #expect(text.contains("add up to the net with −2.0 % (simd)"))
    #expect(!text.contains("conv1"))
  }
}
