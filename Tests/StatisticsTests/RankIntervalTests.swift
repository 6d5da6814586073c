import Statistics
import Testing

struct RankIntervalTests {
  /// Counts of U over all orders of m values among m + n, by going through them.
  private func counts(_ m: Int, _ n: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: m * n + 1)
    for choice in 0..<(1 << (m + n)) where choice.nonzeroBitCount == m {
      var (statistic, others) = (0, 0)
      for place in 0..<(m + n) {
        if choice >> place & 1 == 1 { statistic += others } else { others += 1 }
      }
      counts[statistic] += 1
    }
    return counts
  }

  @Test(
    "Ranks are those of the statistic's own distribution",
    arguments: [(1, 1), (1, 9), (2, 7), (3, 3), (3, 8), (4, 5), (5, 5), (6, 4)])
  func exact(m: Int, n: Int) {
    let counts = counts(m, n)
    let all = counts.reduce(0, +)
    for confidence in [0.5, 0.8, 0.9, 0.95, 0.99, 0.999] {
      var (sum, rank) = (0, 0)
      for count in counts {
        sum += count
        guard Double(2 * sum) <= (1 - confidence) * Double(all) * (1 + 1e-9) else { break }
        rank += 1
      }
      // A sum that equals the limit may fall to either side of it by rounding.
      guard
        !counts.indices.contains(where: { index in
          let sum = counts[...index].reduce(0, +)
          return abs(Double(2 * sum) - (1 - confidence) * Double(all)) < 1e-6
        })
      else { continue }
      let ranks = RankInterval(m, n, confidence: confidence)
      #expect(ranks?.lower == (rank > 0 ? rank : nil))
      #expect(ranks?.upper == (rank > 0 ? m * n + 1 - rank : nil))
      #expect(RankInterval(n, m, confidence: confidence) == ranks)
    }
  }

  @Test("Three values beside forty are enough for many comparisons, two are not")
  func small() {
    let family = ComparisonFamily(count: 200)
    #expect(family.hasRankInterval(3, 40))
    #expect(!family.hasRankInterval(2, 40))
    #expect(!family.hasRankInterval(0, 40))
    for (m, n) in [(1, 38), (1, 40), (2, 7), (2, 8), (3, 4), (3, 5), (5, 3), (6, 6)] {
      let ranks = RankInterval(m, n, confidence: 0.95)
      #expect(ComparisonFamily(count: 1).hasRankInterval(m, n) == (ranks != nil), "\(m) \(n)")
    }
  }

  @Test("The interval holds the factor about as often as it says, whatever the scatter")
  func coverage() throws {
    var generator = SplitMix64(seed: 5)
    func value() -> Double {
      let share = Double(generator.next() >> 11) * 0x1p-53
      // Some are wild.
      return share < 0.1 ? 1 + 5 * share : 1 + 0.1 * share
    }
    var missed = 0
    for _ in 0..<2000 {
      let baseline = (0..<20).map { _ in value() }
      let contender = (0..<4).map { _ in 3 * value() }
      let estimate = try #require(
        RankRatio(baseline: baseline, contender: contender, confidence: 0.9))
      if estimate.lower > 3 || estimate.upper < 3 { missed += 1 }
      #expect(estimate.lower <= estimate.ratio && estimate.ratio <= estimate.upper)
      #expect(estimate.detectableFactor >= 1)
    }
    #expect(missed < 240)
    #expect(missed > 80)
  }

  @Test("Swapping the sides gives the reciprocal")
  func swapped() throws {
    let (a, b) = ([1.0, 2, 4, 8, 3], [5.0, 7, 6, 11])
    let one = try #require(RankRatio(baseline: a, contender: b, confidence: 0.9))
    let other = try #require(RankRatio(baseline: b, contender: a, confidence: 0.9))
    #expect(abs(one.ratio * other.ratio - 1) < 1e-12)
    #expect(abs(one.lower * other.upper - 1) < 1e-12)
    #expect(RankRatio(baseline: [0, 1, 1, 1], contender: b, confidence: 0.5) == nil)
  }
}
