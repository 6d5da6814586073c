import Reporting
import Results
import Testing

/// Each condition of a regression by itself.
@Suite struct JudgementTests {
  /// Both stages of a check of a net with the stages conv1 (conv1, norm1) and conv2.
  private func rows(
    conv1: Double = 1, norm1: Double = 1, conv2: Double = 1, net: Double = 1,
    control: Double = 1, again: Bool = true, pairs: Int = 20
  ) -> [PairRow] {
    (again ? [1, 2] : [1]).flatMap { attempt in
      (0..<pairs).flatMap { pair -> [PairRow] in
        // Some scatter, without drawing: within ±0.5 %.
        let wiggle = 1 + 0.005 * Double((pair * 7 + attempt) % 5 - 2) / 2
        func row(
          _ layer: String, _ stage: String, _ index: Int, _ time: Double, _ factor: Double,
          _ role: PairRole = .gated
        ) -> PairRow {
          makeRow(
            layer, stage: stage, index: index, role: role, attempt: attempt, pair: pair,
            base: time, head: time * factor * wiggle)
        }
        return [
          row("conv1", "conv1", 0, 2_000_000, conv1), row("norm1", "conv1", 1, 300_000, norm1),
          row("conv2", "conv2", 2, 3_000_000, conv2), row("net", "net", -1, 5_300_000, net),
          row("net", "net", -1, 5_300_000, control, .control),
          row("clock", "clock", -1, 0.3, 1, .sentinel),
        ]
      }
    }
  }

  private func finding(_ verdict: GateVerdict, _ layer: String) throws -> GateFinding {
    try #require(verdict.findings.first { $0.key.layer == layer })
  }

  @Test("Nothing slower passes")
  func pass() {
    let verdict = judge(rows(again: false))
    #expect(verdict.outcome == .pass)
    #expect(verdict.open.isEmpty)
    #expect(verdict.findings.map(\.key.layer) == ["conv1", "norm1", "conv2", "net"])
  }

  @Test("A layer that is slower in both stages is a regression, and it alone is named")
  func regression() throws {
    let verdict = judge(rows(conv1: 1.2))
    #expect(verdict.outcome == .regression)
    #expect(verdict.regressions.map(\.key.layer) == ["conv1"])
    let finding = try finding(verdict, "conv1")
    let lower = try #require(finding.lower)
    #expect(lower > 1.19 && lower < 1.2)
    #expect(finding.repeatedPairCount == 20)
    #expect(finding.repro == "alexbench check --against base --layer conv1 --backend simd")
  }

  @Test("A short layer is found beside a long one that became faster")
  func shortLayer() {
    let verdict = judge(rows(conv1: 0.97, norm1: 1.25))
    #expect(verdict.regressions.map(\.key.layer) == ["norm1"])
  }

  @Test("Regressions stand in the order of the time that they cost")
  func ranking() {
    let verdict = judge(rows(conv1: 1.2, norm1: 1.5, conv2: 1.1, net: 1.15))
    #expect(verdict.regressions.map(\.key.layer) == ["net", "conv1", "conv2", "norm1"])
  }

  @Test("Without a second stage a suspicion stays one")
  func firstStageOnly() throws {
    let verdict = judge(rows(conv1: 1.2, again: false))
    #expect(verdict.outcome == .inconclusive)
    #expect(verdict.open.map(\.key.layer) == ["conv1"])
    #expect(try finding(verdict, "conv1").reason.contains("not measured a second time"))
  }

  @Test("What the second stage had no time for stays a suspicion beside what it proved")
  func partlyRepeated() throws {
    let verdict = judge(
      rows(conv1: 1.2, conv2: 1.2, net: 1.2).filter {
        $0.attempt == 1 || $0.role != .gated || $0.key.layer == "conv2"
      })
    #expect(verdict.outcome == .regression)
    #expect(verdict.regressions.map(\.key.layer) == ["conv2"])
    #expect(verdict.open.map(\.key.layer) == ["conv1", "net"])
    #expect(try finding(verdict, "conv1").outcome == .inconclusive)
    #expect(try finding(verdict, "conv1").reason.contains("not measured a second time"))
  }

  @Test("A suspicion that the second stage does not reproduce is none")
  func notReproduced() throws {
    let mixed =
      rows(conv1: 1.2, again: false) + rows().filter { $0.attempt == 2 }
    let verdict = judge(mixed)
    #expect(verdict.outcome == .pass)
    #expect(try finding(verdict, "conv1").isSuspect)
    // Slower again, but in too few pairs.
    let few = rows(conv1: 1.2).filter {
      $0.attempt == 1 || $0.role != .gated || $0.pair < 3
    }
    #expect(judge(few).regressions.isEmpty)
    #expect(try finding(judge(few), "conv1").outcome == .inconclusive)
    #expect(try finding(judge(few), "conv1").isOpen)
  }

  @Test("Within the margin is no regression, and margins are by workload")
  func margin() {
    #expect(judge(rows(conv1: 1.04)).outcome == .pass)
    var policy = GatePolicy()
    policy.exceptions = [PolicyRow(backend: "simd", layer: "conv1", marginPercent: 25)]
    #expect(judge(rows(conv1: 1.2), policy: policy).outcome == .pass)
    policy.exceptions.append(PolicyRow(network: "caffenet", layer: "conv1", marginPercent: 1))
    #expect(judge(rows(conv1: 1.2), policy: policy).outcome == .pass)
    policy.exceptions.append(PolicyRow(layer: "conv1", marginPercent: 1))
    #expect(judge(rows(conv1: 1.2), policy: policy).outcome == .regression)
  }

  @Test("A change of a few microseconds is no regression, however large its ratio")
  func absolute() {
    // 300 µs × 6 % = 18 µs.
    #expect(judge(rows(norm1: 1.06)).outcome == .pass)
    #expect(judge(rows(norm1: 1.08)).outcome == .regression)
  }

  @Test("A muted layer is shown and fails nothing")
  func muted() throws {
    var policy = GatePolicy()
    policy.exceptions = [PolicyRow(layer: "conv1", isMuted: true, reason: "rewritten soon")]
    let verdict = judge(rows(conv1: 2), policy: policy)
    #expect(verdict.outcome == .pass)
    #expect(try finding(verdict, "conv1").outcome == .muted)
    #expect(try finding(verdict, "conv1").reason == "muted: rewritten soon")
    #expect(try finding(verdict, "conv1").ratio != nil)
  }

  @Test("The same code on both sides is never a regression")
  func sameCode() {
    let same = rows(conv1: 1.2).map { row in
      var row = row
      row.head.code = row.base.code
      return row
    }
    #expect(judge(same).outcome == .environment)
    // Unknown counts as different.
    let unknown = same.map { row in
      var row = row
      row.base.code = ""
      row.head.code = ""
      return row
    }
    #expect(judge(unknown).outcome == .regression)
  }

  @Test("A control that differs makes all else worthless")
  func control() {
    let verdict = judge(rows(conv1: 1.2, control: 1.1))
    #expect(verdict.outcome == .environment)
    #expect(verdict.reason.contains("net"))
    #expect(judge(rows(control: 0.9)).outcome == .environment)
    #expect(judge(rows(conv1: 1.2, control: 1.01)).outcome == .regression)
  }

  @Test("A sentinel that differs does too")
  func sentinel() {
    let loud = rows(conv1: 1.2).map { row in
      var row = row
      if row.role == .sentinel { row.head.nanoseconds = 0.33 }
      return row
    }
    #expect(judge(loud).outcome == .environment)
  }

  @Test("Without any control nothing is called a regression")
  func noControl() {
    let rows = rows(conv1: 1.2).filter { $0.role == .gated }
    #expect(judge(rows).outcome == .environment)
  }

  @Test("Sides on different classes of hosts are not compared")
  func otherHost() {
    let other = rows(conv1: 1.2).map { row in
      var row = row
      row.head.hostClass = "there"
      return row
    }
    #expect(judge(other).outcome == .environment)
  }

  @Test("What was not steady in most pairs is no proof")
  func unsteady() {
    func unsteady(pairs: Range<Int>) -> [PairRow] {
      rows(conv1: 1.2).map { row in
        var row = row
        if pairs.contains(row.pair) { row.head.isSteady = false }
        return row
      }
    }
    #expect(judge(unsteady(pairs: 0..<11)).outcome == .inconclusive)
    #expect(judge(unsteady(pairs: 0..<10)).outcome == .regression)
  }

  @Test("A wrong result is worse than a slow one")
  func wrong() throws {
    let broken = rows(conv1: 1.2).map { row in
      var row = row
      if row.key.layer == "conv2" {
        row.status = .failed
        row.reason = "head: failed: wrong"
        row.base.nanoseconds = nil
        row.head.nanoseconds = nil
      }
      return row
    }
    let verdict = judge(broken)
    #expect(verdict.outcome == .failed)
    #expect(try finding(verdict, "conv2").reason == "failed: head: failed: wrong")
    #expect(verdict.regressions.map(\.key.layer) == ["conv1"])
    #expect(judge([]).outcome == .failed)
  }

  @Test("An improvement is told apart from a pass, and fails nothing")
  func improvement() throws {
    let verdict = judge(rows(conv2: 0.8, again: false))
    #expect(verdict.outcome == .improvement)
    #expect(try finding(verdict, "conv2").outcome == .improvement)
    #expect(judge(rows(conv1: 1.2, conv2: 0.8)).outcome == .regression)
    #expect(judge(rows(conv2: 0.97, again: false)).outcome == .pass)
  }

  @Test("Too few pairs are inconclusive, and of controls even less can be said")
  func fewPairs() {
    let few = rows(again: false, pairs: 2)
    #expect(judge(few.filter { $0.role == .gated }).outcome == .inconclusive)
    #expect(judge(few).outcome == .environment)
  }

  /// conv2 with so much scatter, the same in both directions.
  private func noisy(_ rows: [PairRow], spread: Double) -> [PairRow] {
    var generator = SeededGenerator(seed: 1)
    return rows.map { row in
      var row = row
      if row.key.layer == "conv2" {
        row.head.nanoseconds =
          (row.head.nanoseconds ?? 0) * (1 - spread + 2 * spread * generator.uniform())
      }
      return row
    }
  }

  @Test("Pairs that scatter too much ask for more, and say what they would not see")
  func blind() throws {
    let verdict = judge(noisy(rows(again: false), spread: 0.4))
    #expect(verdict.outcome == .inconclusive)
    #expect(verdict.open.map(\.key.layer) == ["conv2"])
    let before = try finding(verdict, "conv2")
    #expect(before.reason.hasPrefix("too noisy: a slow-down of less than"))
    // A second stage with little scatter answers.
    let calm = noisy(rows(again: false), spread: 0.4) + rows().filter { $0.attempt == 2 }
    #expect(judge(calm).outcome == .pass)
    // One with as much does not, and says what would.
    let still = judge(noisy(rows(pairs: 12), spread: 0.4))
    #expect(still.outcome == .inconclusive)
    #expect(try #require(try finding(still, "conv2").neededPairCount) > 12)
  }

  @Test("Neighbouring blocks decide, not the two times, which may be of other moments")
  func neighbours() throws {
    let rows = rows().map { row in
      var row = row
      row.ratio = row.key.layer == "conv1" ? 1.2 : 1
      if row.key.layer == "conv2" { row.head.nanoseconds = 2 * (row.base.nanoseconds ?? 0) }
      return row
    }
    let verdict = judge(rows)
    #expect(verdict.regressions.map(\.key.layer) == ["conv1"])
    #expect(try finding(verdict, "conv2").ratio == 1)
  }
}
