import Statistics
import Testing

struct PairedRatioTests {
  @Test("The ratio of an even number of pairs is the root of the middle product")
  func ratio() {
    let pairs: [(baseline: Double, contender: Double)] = [(10, 20), (10, 80), (4, 2), (5, 40)]
    // Ratios 0.5, 2, 8, 8.
    #expect(medianRatio(pairs) == 4)
    #expect(medianRatio(pairs.map { (baseline: $0.contender, contender: $0.baseline) }) == 0.25)
    #expect(medianRatio(Array(pairs.prefix(3))) == 2)
    #expect(medianRatio([]) == nil)
  }

  @Test("The interval's ends are ratios of the sample, at the ranks of the sign interval")
  func interval() throws {
    let ratios = (1...20).reversed().map { Double($0) / 10 }
    let estimate = try #require(RatioEstimate(ratios, confidence: 0.95))
    #expect(estimate.count == 20)
    #expect(estimate.lower == 0.6)
    #expect(estimate.upper == 1.5)
    #expect(estimate.median == (1.0 * 1.1).squareRoot())
    // 1 − 0.05 ∕ 96 takes wider ranks.
    let corrected = try #require(RatioEstimate(ratios, confidence: 1 - 0.05 / 96))
    #expect(corrected.lower == 0.3)
    #expect(corrected.upper == 1.8)
  }

  @Test("Swapping the sides gives the reciprocals")
  func reciprocal() throws {
    let ratios = [1.0, 2, 4, 8, 16, 32, 0.5, 0.25]
    let estimate = try #require(RatioEstimate(ratios, confidence: 0.9))
    let swapped = try #require(RatioEstimate(ratios.map { 1 / $0 }, confidence: 0.9))
    #expect(relativeError(swapped.median, 1 / estimate.median) < 1e-15)
    #expect(swapped.lower == 1 / estimate.upper)
    #expect(swapped.upper == 1 / estimate.lower)
  }

  @Test("Too few pairs have no interval")
  func tooFew() { #expect(RatioEstimate([1, 2, 3, 4, 5], confidence: 0.95) == nil) }
}
