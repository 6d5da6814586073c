import Statistics
import Testing

/// Normal numbers from sums of uniform ones, the same on every machine.
private struct Noise {
  private var generator: SplitMix64
  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  mutating func next() -> Double {
    (0..<12).reduce(-6) { sum, _ in sum + Double(generator.next() >> 11) * 0x1p-53 }
  }

  mutating func series(_ levels: [(count: Int, level: Double)], deviation: Double) -> [Double] {
    levels.flatMap { part in
      (0..<part.count).map { _ in part.level * (1 + deviation * next()) }
    }
  }
}

@Suite struct ChangePointsTests {
  @Test("A step of 4 % in noise of 2 % is found, within 3 commits as a rule")
  func step() {
    var near = 0
    for seed in 1...40 as ClosedRange<UInt64> {
      var noise = Noise(seed: seed)
      let at = 40 + Int(seed) * 3
      let series = noise.series([(at, 10), (200 - at, 10.4)], deviation: 0.02)
      let points = changePoints(series)
      #expect(points.contains { abs($0.index - at) <= 12 }, "seed \(seed): \(points)")
      near += points.contains { abs($0.index - at) <= 3 } ? 1 : 0
      if points.count == 1 { #expect(abs(points[0].relativeChange - 0.04) < 0.015) }
    }
    // No method can do much better: of two stretches two deviations apart, noise alone moves the
    // best split by more than 3 places about once in twenty.
    #expect(near >= 36, "\(near) of 40")
  }

  @Test("A stationary series has at most one false point in a thousand")
  func stationary() {
    var found = 0
    for seed in 1...50 as ClosedRange<UInt64> {
      var noise = Noise(seed: 1000 + seed)
      found += changePoints(noise.series([(200, 10)], deviation: 0.02)).count
    }
    #expect(found <= 10, "\(found) in 10,000 points")
  }

  @Test("Several steps are found, up and down")
  func several() {
    var noise = Noise(seed: 7)
    let series = noise.series([(60, 10), (50, 11), (70, 9.5)], deviation: 0.01)
    let points = changePoints(series)
    #expect(points.map(\.index) == [60, 110])
    #expect(points.allSatisfy { $0.pValue <= 0.005 })
    #expect(points[0].relativeChange > 0.09 && points[1].relativeChange < -0.12)
  }

  @Test("The same seed gives the same points; without noise a step is exact")
  func exact() {
    let series = [Double](repeating: 5, count: 20) + [Double](repeating: 6, count: 12)
    #expect(changePoints(series).map(\.index) == [20])
    #expect(changePoints(series, seed: 3).map(\.index) == [20])
    #expect(changePoints(series) == changePoints(series))
  }

  @Test("Too short or constant series have none", arguments: [0, 1, 7, 8, 50])
  func none(count: Int) {
    #expect(changePoints([Double](repeating: 3, count: count)).isEmpty)
  }
}
