import Foundation
import GoldenSupport
import Reporting
import Results
import Testing

/// Checks drawn from pairs of a program with itself, thousands of times.
@Suite struct ResampledCheckTests {
  /// The whole check: a first stage, then pairs of what is open, with draws of their own, until nothing
  /// is open or as many are there as a check has time for.
  static func verdict(
    _ pool: PairPool, pairs: Int, factors: [String: Double] = [:], copies: Int = 1,
    _ generator: inout SeededGenerator
  ) -> GateVerdict {
    var rows = pool.check(pairs: 0..<pairs, factors: factors, copies: copies, using: &generator)
    var verdict = judge(rows)
    var open = Set(verdict.open.map(\.key))
    var pair = 0
    let policy = GatePolicy()
    for look in policy.test.upTo(count: policy.plannedPairs).looks
    where !open.isEmpty {
      rows += pool.check(
        pairs: pair..<look.count, attempt: 2, factors: factors, copies: copies, using: &generator
      ).filter { $0.role != .gated || open.contains($0.key.without(.run)) }
      pair = look.count
      verdict = judge(rows)
      open.formIntersection(verdict.open.map(\.key))
    }
    return verdict
  }

  /// Share of checks that fail.
  private func redShare(
    _ pool: PairPool, checks: Int, pairs: Int, factors: [String: Double] = [:], copies: Int = 2,
    seed: UInt64
  ) -> Double {
    var generator = SeededGenerator(seed: seed)
    let red = (0..<checks).count { _ in
      Self.verdict(pool, pairs: pairs, factors: factors, copies: copies, &generator).outcome
        == .regression
    }
    return Double(red) / Double(checks)
  }

  @Test(
    "The same code is not called slower, on a quiet machine or beside a hog",
    arguments: [
      (0.01, 0.0, 8), (0.01, 0.0, 6), (0.02, 0.1, 8), (0.03, 0.3, 8), (0.03, 0.5, 6),
      (0.15, 0.0, 8),
    ])
  func silence(spread: Double, hogShare: Double, pairs: Int) {
    let pool = PairPool.made(pairs: 400, spread: spread, hogShare: hogShare, seed: 1)
    #expect(redShare(pool, checks: Campaign.count(400), pairs: pairs, seed: 2) <= 0.005)
  }

  @Test("A slow-down of 2 % everywhere is let pass")
  func small() {
    let pool = PairPool.made(pairs: 400, spread: 0.014, seed: 3)
    let factors = Dictionary(uniqueKeysWithValues: PairPool.layers.map { ($0.layer, 1.02) })
    let share = redShare(
      pool, checks: Campaign.count(1000), pairs: 8, factors: factors, copies: 1, seed: 4)
    #expect(share <= 0.005)
  }

  @Test(
    "A slow-down of 10 % of a layer of at least 3 % of the net is found, and no other layer named",
    arguments: PairPool.layers.filter { $0.nanoseconds >= 0.03 * PairPool.netNanoseconds }
      .map(\.layer), [8, 6])
  func power(layer: String, pairs: Int) {
    // Of both sides: the ratio of a pair scatters by 2 %.
    let pool = PairPool.made(pairs: 400, spread: 0.0141, seed: 5)
    var generator = SeededGenerator(seed: 6)
    let checks = Campaign.count(200)
    let found = (0..<checks).count { _ in
      let verdict = Self.verdict(
        pool, pairs: pairs, factors: [layer: 1.1], copies: 2, &generator)
      let named = verdict.regressions.filter { $0.level != .net }.map(\.key)
      // Both backends are slower.
      return verdict.outcome == .regression && named.allSatisfy { $0.layer == layer }
        && named.count == 2
    }
    #expect(Double(found) / Double(checks) >= 0.95)
  }

  @Test("The same pairs give the same verdict")
  func pure() {
    let pool = PairPool.made(pairs: 40, spread: 0.005, seed: 7)
    var generator = SeededGenerator(seed: 8)
    let rows = pool.check(pairs: 0..<20, factors: ["conv3": 1.3], using: &generator)
    #expect(judge(rows) == judge(rows))
    #expect(judge(rows).open.map(\.key.layer) == ["conv3"])
  }
}
