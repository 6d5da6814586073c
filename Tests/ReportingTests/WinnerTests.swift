import Reporting
import Results
import Testing

@Suite struct WinnerTests {
  private func row(
    _ contender: String, _ lower: Double?, _ upper: Double?, ratio: Double? = nil, pairs: Int = 20,
    pass: Pass = .isolated, kind: String = "convolution"
  ) -> BackendRatioRow {
    var key = TestRun.key("conv1", index: 0, kind: kind, pass: pass)
    key.backend = ""
    key.isa = ""
    var row = BackendRatioRow(
      key: key, baseline: "base", baselineISA: "x", contender: contender, contenderISA: "y",
      scope: .process, verdict: lower == nil ? .notComparable : .inconclusive, reason: "why")
    row.intervalLower = lower
    row.intervalUpper = upper
    row.ratio = ratio ?? lower.flatMap { low in upper.map { (low + $0) / 2 } }
    row.pairCount = pairs
    return row
  }

  private func winners(_ rows: [BackendRatioRow]) -> [String] {
    Winner.all(in: rows).map(\.backend)
  }

  @Test("The fastest is named when its interval is clear of all others and of 1")
  func clear() {
    #expect(winners([row("a", 0.5, 0.6), row("b", 0.7, 0.8)]) == ["a"])
    #expect(winners([row("a", 0.5, 0.72), row("b", 0.7, 0.8)]).isEmpty)
    #expect(winners([row("a", 0.9, 1.0)]).isEmpty)
    #expect(winners([row("a", 0.9, 1.2), row("b", 1.5, 1.6)]).isEmpty)
  }

  @Test("The base is named when all others are slower")
  func base() {
    #expect(winners([row("a", 1.1, 1.2), row("b", 2, 3)]) == ["base"])
    #expect(winners([row("a", 0.99, 1.2), row("b", 2, 3)]).isEmpty)
  }

  @Test("A rival with too few rounds stands in the way unless it is far slower")
  func loose() {
    #expect(winners([row("a", 0.5, 0.6), row("naive", nil, nil, ratio: 9, pairs: 3)]) == ["a"])
    #expect(winners([row("a", 0.5, 0.6), row("b", nil, nil, ratio: 0.7, pairs: 3)]).isEmpty)
  }

  @Test("What was handed on or failed is not named, and does not stand in the way")
  func handedOn() {
    #expect(winners([row("a", 0.5, 0.6), row("b", nil, nil, ratio: 0.4)]) == ["a"])
    #expect(winners([row("a", 0.5, 0.6), row("b", nil, nil, pairs: 0)]) == ["a"])
    #expect(winners([row("b", nil, nil, ratio: 0.4)]).isEmpty)
  }

  @Test("Inside a net, a step that a side fuses has no winner; its stage may")
  func steps() {
    let fused = row("b", nil, nil, ratio: 0.4, pass: .inNet)
    #expect(winners([row("a", 0.5, 0.6, pass: .inNet), fused]).isEmpty)
    #expect(winners([row("a", 0.5, 0.6, pass: .inNet)]) == ["a"])
    #expect(winners([row("a", 0.5, 0.6, pass: .inNet, kind: "stage")]) == ["a"])
  }
}
