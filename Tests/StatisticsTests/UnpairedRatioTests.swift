import Statistics
import Testing

@Suite struct UnpairedRatioTests {
  /// Repeatable noise in 0 ..< 1.
  private struct Noise {
    var state: UInt64
    mutating func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
    /// Times around 1 that are skewed, as those of programs are.
    mutating func times(_ count: Int) -> [Double] {
      (0..<count).map { _ in
        let (a, b) = (next(), next())
        return 1 + 0.02 * a + (b > 0.9 ? 0.1 * next() : 0)
      }
    }
  }

  @Test("The ends are quotients of the sides' own ends, each with half the error probability")
  func ends() throws {
    let baseline = (1...10).map { Double(10 + $0) }
    let contender = (1...12).map { Double(20 + $0) }
    let ratio = try #require(
      UnpairedRatio(baseline: baseline, contender: contender, confidence: 0.9))
    let left = try #require(SignInterval(count: 10, confidence: 0.95))
    let right = try #require(SignInterval(count: 12, confidence: 0.95))
    #expect(ratio.lower == contender[right.lower - 1] / baseline[left.upper - 1])
    #expect(ratio.upper == contender[right.upper - 1] / baseline[left.lower - 1])
    #expect(ratio.lower < ratio.ratio && ratio.ratio < ratio.upper)
  }

  @Test("A sample against itself has the ratio 1 inside the interval")
  func itself() throws {
    var noise = Noise(state: 1)
    let times = noise.times(20)
    let ratio = try #require(UnpairedRatio(baseline: times, contender: times, confidence: 0.99))
    #expect(ratio.ratio == 1)
    #expect(ratio.lower < 1 && ratio.upper > 1)
  }

  @Test("Too few values on a side, or one that is not above 0, give no interval")
  func tooFew() {
    #expect(UnpairedRatio.minimumCount(confidence: 0.95) == 7)
    let many = (1...9).map(Double.init)
    let few = (1...6).map(Double.init)
    #expect(UnpairedRatio(baseline: many, contender: few, confidence: 0.95) == nil)
    #expect(UnpairedRatio(baseline: few, contender: many, confidence: 0.95) == nil)
    #expect(UnpairedRatio(baseline: [0] + many, contender: many, confidence: 0.95) == nil)
    #expect(UnpairedRatio(baseline: many, contender: many, confidence: 0.95) != nil)
  }

  @Test("Intervals of two samples of one distribution hold 1 as often as they promise")
  func coverage() throws {
    var noise = Noise(state: 7)
    var missed = 0
    let trials = 2000
    for _ in 0..<trials {
      let ratio = try #require(
        UnpairedRatio(baseline: noise.times(15), contender: noise.times(21), confidence: 0.9))
      if ratio.lower > 1 || ratio.upper < 1 { missed += 1 }
    }
    #expect(missed <= trials / 10)
  }

  @Test("An effect of the size that is called detectable is detected")
  func detects() throws {
    var noise = Noise(state: 11)
    var detected = 0
    let trials = 1000
    for _ in 0..<trials {
      let known = try #require(
        UnpairedRatio(baseline: noise.times(20), contender: noise.times(20), confidence: 0.99))
      let slower = noise.times(20).map { $0 * known.detectableFactor }
      let again = try #require(
        UnpairedRatio(baseline: noise.times(20), contender: slower, confidence: 0.99))
      if again.lower > 1 { detected += 1 }
    }
    #expect(detected >= trials * 9 / 10, "\(detected) of \(trials)")
  }
}
