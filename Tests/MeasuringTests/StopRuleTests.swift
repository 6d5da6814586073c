import Backends
import Measuring
import Networks
import Results
import Testing

@Suite struct StopRuleTests {
  /// Rounds until the rule ends them.
  private func rounds(
    _ rule: StopRule, limit: Int = 1000, state: (Int) -> StopRule.State
  ) -> Int {
    var round = 0
    while round < limit, rule.goesOn(state(round), round: round) { round += 1 }
    return round
  }

  @Test("A fixed number of rounds is rounded up to whole squares", arguments: 1...7)
  func fixed(square: Int) {
    let rule = StopRule(squareRounds: square, minimum: 10, maximum: 10)
    let count = rounds(rule) { _ in StopRule.State(halfWidths: [0]) }
    #expect(count == (10 + square - 1) / square * square)
  }

  @Test("A precision ends the rounds when every entrant has reached it, at whole squares")
  func precision() {
    let rule = StopRule(squareRounds: 4, minimum: 6, maximum: 100, precision: 0.01)
    // The second reaches it at round 21.
    let count = rounds(rule) { round in
      StopRule.State(halfWidths: [0.005, round >= 21 ? 0.01 : 0.02])
    }
    #expect(count == 24)
    #expect(rounds(rule) { _ in StopRule.State(halfWidths: [0, 0]) } == 8)
    #expect(rounds(rule) { _ in StopRule.State(halfWidths: [0, nil]) } == 100)
  }

  @Test("A budget is filled with as many squares as fit beside what comes after")
  func budget() {
    let rule = StopRule(squareRounds: 4, minimum: 6, maximum: 500, allowance: 1000)
    func state(_ round: Int, rest: Int) -> StopRule.State {
      StopRule.State(elapsed: 100 + 10 * round, squareNanoseconds: 40, restNanoseconds: rest)
    }
    // 100 + 10 · round + 40 ≤ 1000.
    #expect(rounds(rule) { state($0, rest: 0) } == 88)
    #expect(rounds(rule) { state($0, rest: 400) } == 48)
    // One square in any case, even the rounds that are wanted at least give way.
    #expect(rounds(rule) { state($0, rest: 4000) } == 4)
    var both = rule
    both.precision = 0.01
    let early = rounds(both) { round in
      StopRule.State(elapsed: 0, squareNanoseconds: 1, halfWidths: [round >= 12 ? 0 : 1])
    }
    #expect(early == 12)
  }

  @Test("The half-width is that of the sign interval, over the median")
  func halfWidth() {
    #expect(StopRule.halfWidth([1, 2, 3]) == nil)
    // Six values: the interval is from the smallest to the largest, the median the lower middle.
    #expect(StopRule.halfWidth([10, 11, 8, 12, 9, 14]) == 6.0 / 20)
  }

  @Test("A run with a precision stops between its bounds, with whole squares")
  func run() throws {
    var options = try smallOptions()
    options.makeOpenEnded()
    options.maximumRounds = 12
    options.precision = 0.5
    let record = try MeasuringTests.run(
      options, [WrappedBackend(name: "a"), WrappedBackend(name: "b")])
    for row in record.workloads {
      let count = record.samples.count { $0.key == row.key }
      #expect(count >= 6 && count <= 12 && count.isMultiple(of: 2))
    }
  }

  @Test("A run whose budget is too small has one square of everything")
  func tooSmall() throws {
    var options = try smallOptions()
    options.makeOpenEnded()
    options.budgetNanoseconds = 1
    let record = try MeasuringTests.run(
      options, [WrappedBackend(name: "a"), WrappedBackend(name: "b")])
    #expect(record.workloads.allSatisfy { $0.status == .ok })
    for row in record.workloads { #expect(record.samples.count { $0.key == row.key } == 2) }
    #expect(record.warnings.contains { $0.contains("used up") })
  }

  @Test("Times and percentages are read with their units, and nothing else is")
  func options() throws {
    #expect(try DurationOption.parse("90") == 90_000_000_000)
    #expect(try DurationOption.parse("60s") == 60_000_000_000)
    #expect(try DurationOption.parse("1.5m") == 90_000_000_000)
    #expect(try DurationOption.parse("2h") == 7_200_000_000_000)
    for text in ["", "s", "0s", "-5m", "5d", "0.5", "1e99", "nan", "5 m"] {
      #expect(throws: MeasuringError.self) { try DurationOption.parse(text) }
    }
    #expect(try PercentRange.precision.parse("1%") == 1)
    #expect(try PercentRange.precision.parse("0.5") == 0.5)
    for text in ["", "%", "0", "-1%", "51%", "nan", "inf", "1e-300", "1%%"] {
      #expect(throws: MeasuringError.self) { try PercentRange.precision.parse(text) }
    }
  }
}
