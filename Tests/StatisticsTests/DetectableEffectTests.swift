import Foundation
import Statistics
import Testing

struct DetectableEffectTests {
  /// Logarithms of ratios, median 0.
  enum Scatter {
    case normal, laplace, student3, spiky

    func value(_ generator: inout SplitMix64) -> Double {
      switch self {
      case .normal: return generator.normal()
      case .laplace: return generator.exponential() - generator.exponential()
      case .student3:
        let squares = (0..<3).reduce(0) { sum, _ in
          let value = generator.normal()
          return sum + value * value
        }
        return generator.normal() / (squares / 3).squareRoot()
      case .spiky:
        // Now and then one side of a pair takes far longer.
        let spike = generator.uniform() < 0.05 ? 10 * generator.exponential() : 0
        return generator.normal() + (generator.next(below: 2) == 0 ? spike : -spike)
      }
    }
  }

  /// The rate at which a fresh sample, slower or faster by the effect that an earlier one promised
  /// to detect, is told from 1.
  private func detectionRate(
    _ scatter: Scatter, count: Int, family: Int, trials: Int
  ) throws -> Double {
    let design = try #require(DetectionDesign(count: count, confidence: 1 - 0.05 / Double(family)))
    var generator = SplitMix64(seed: UInt64(count))
    var detected = 0
    for trial in 0..<trials {
      func sample() -> [Double] { (0..<count).map { _ in exp(0.01 * scatter.value(&generator)) } }
      let spread = try #require(RatioSpread(sample()))
      let factor = 1 + design.detectableEffect(spread)
      if trial.isMultiple(of: 2) {
        let slower = RatioEstimate(sample().map { $0 * factor }, ranks: design.ranks)
        if slower.lower > 1 { detected += 1 }
      } else {
        let faster = RatioEstimate(sample().map { $0 / factor }, ranks: design.ranks)
        if faster.upper < 1 { detected += 1 }
      }
    }
    return Double(detected) / Double(trials)
  }

  @Test(
    "The effect that is promised to be detected is detected with 0.95 ± 0.03",
    arguments: [Scatter.normal, .laplace, .student3],
    [(14, 24), (20, 5), (20, 96), (42, 96), (100, 200)] as [(Int, Int)])
  func power(scatter: Scatter, design: (Int, Int)) throws {
    try expectPower(scatter, count: design.0, family: design.1)
  }

  // Most samples of 14 hold none of the spikes that 5 % have, so nothing in them tells of spikes.
  @Test(
    "So is one between times with spikes, from 20 pairs on",
    arguments: [(20, 5), (20, 96), (42, 96), (100, 200)])
  func powerWithSpikes(count: Int, family: Int) throws {
    try expectPower(.spiky, count: count, family: family)
  }

  private func expectPower(_ scatter: Scatter, count: Int, family: Int) throws {
    let trials = 4000
    let rate = try detectionRate(scatter, count: count, family: family, trials: trials)
    let error = 3 * (0.95 * 0.05 / Double(trials)).squareRoot()
    #expect(abs(rate - 0.95) < 0.03 + error, "\(rate)")
  }

  @Test("Swapping the sides detects the same effect")
  func symmetric() throws {
    var generator = SplitMix64(seed: 3)
    let ratios = (0..<20).map { _ in exp(generator.exponential()) }
    let design = try #require(DetectionDesign(count: 20, confidence: 0.99))
    let effect = design.detectableEffect(try #require(RatioSpread(ratios)))
    let swapped = design.detectableEffect(try #require(RatioSpread(ratios.map { 1 / $0 })))
    #expect(relativeError(swapped, effect) < 1e-12)
    #expect(effect > 0)
  }

  @Test("A scale common to all ratios changes nothing")
  func scale() throws {
    let ratios = [1.0, 1.01, 1.02, 0.99, 0.98, 1.005, 0.97, 1.03]
    let design = try #require(DetectionDesign(count: 8, confidence: 0.95))
    let effect = design.detectableEffect(try #require(RatioSpread(ratios)))
    let tripled = design.detectableEffect(try #require(RatioSpread(ratios.map { 3 * $0 })))
    #expect(relativeError(tripled, effect) < 1e-12)
  }

  @Test("Beyond the outermost ratio an exponential tail goes on")
  func tail() throws {
    // Of 12 pairs and a family of 96 the interval is the whole sample; the share beyond the effect
    // is 1 − 0.93^(1 ∕ 12), far below 1 ∕ 13.
    let count = 12
    let design = try #require(DetectionDesign(count: count, confidence: 1 - 0.05 / 96))
    #expect(design.ranks.lower == 1)
    let ratios = [0.99, 0.99, 1, 1, 1, 1, 1, 1, 1, 1.01, 1.03, 1.08]
    // Median 1. Above: 0.08, 0.03, 0.01 outside of 0.
    let excess = (0.08 + 0.03 + 0.01) / 3
    let position = (1 - pow(0.93, 1 / Double(count))) * Double(count + 1)
    let expected = 0.08 + excess * log(1 / position)
    let effect = design.detectableEffect(try #require(RatioSpread(ratios)))
    #expect(relativeError(effect, expected) < 1e-10)
  }

  @Test("Rounds needed are the inverse: one round fewer does not detect the effect")
  func inverse() throws {
    var generator = SplitMix64(seed: 9)
    let ratios = (0..<60).map { _ in exp(0.02 * generator.normal()) }
    let spread = try #require(RatioSpread(ratios))
    let confidence = 1 - 0.05 / 24
    var last = Int.max
    for effect in [0.002, 0.005, 0.01, 0.02, 0.05, 0.5] {
      let needed = DetectionDesign.count(
        detecting: effect, spread: spread, confidence: confidence, limit: 20_000)
      let count = try #require(needed)
      let design = try #require(DetectionDesign(count: count, confidence: confidence))
      #expect(design.detectableEffect(spread) <= effect)
      if let fewer = DetectionDesign(count: count - 1, confidence: confidence) {
        #expect(fewer.detectableEffect(spread) > effect)
      }
      #expect(count <= last)
      last = count
    }
    // Fewer never have an interval at this confidence.
    #expect(last == 10)
    #expect(
      DetectionDesign.count(detecting: 1e-9, spread: spread, confidence: confidence, limit: 100)
        == nil)
  }

  @Test("Far more pairs than were seen detect effects that fall with the root of their number")
  func manyPairs() throws {
    // Most ratios are equal, as with a coarse clock: no sign that any effect would be seen.
    let coarse = [1.0, 1, 1, 1, 1, 1, 1, 1, 1.02, 1.02, 0.98, 0.98]
    var generator = SplitMix64(seed: 4)
    let smooth = (0..<20).map { _ in exp(0.02 * generator.normal()) }
    for ratios in [coarse, smooth] {
      let spread = try #require(RatioSpread(ratios))
      let effects = try [400, 1600, 6400].map { count in
        let design = try #require(DetectionDesign(count: count, confidence: 0.99))
        return design.detectableEffect(spread)
      }
      #expect(abs(effects[0] / effects[1] - 2) < 0.1, "\(effects)")
      #expect(abs(effects[1] / effects[2] - 2) < 0.1, "\(effects)")
    }
  }

  @Test("Three ratios tell no spread")
  func tooFew() { #expect(RatioSpread([1, 2, 3]) == nil) }
}

extension SplitMix64 {
  /// In 0 ..< 1.
  fileprivate mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  fileprivate mutating func exponential() -> Double { -log(1 - uniform()) }

  /// Box–Muller.
  fileprivate mutating func normal() -> Double {
    (2 * exponential()).squareRoot() * cos(2 * .pi * uniform())
  }
}
