import Statistics
import Testing

struct OrderStatisticsTests {
  // Golden values: NumPy percentile(method="inverted_cdf"), SciPy median_abs_deviation.
  private let ten: [Double] = [12.5, 3.25, 8, 19, 4.5, 7.75, 100, 6, 5.125, 9]

  @Test("The median of an even count is the lower of the two middle values")
  func evenMedian() throws {
    let statistics = try #require(OrderStatistics(ten))
    #expect(statistics.median == 7.75)
    #expect(statistics.minimum == 3.25)
    #expect(statistics.maximum == 100)
    #expect(statistics.percentile95 == 100)
  }

  @Test("Median and median absolute deviation of an odd count are SciPy's")
  func oddMedian() throws {
    let statistics = try #require(OrderStatistics(ten.dropLast()))
    #expect(statistics.median == 7.75)
    #expect(statistics.medianAbsoluteDeviation == 3.25)
  }

  @Test(
    "The 95th percentile is the nearest rank", arguments: [(1, 1), (19, 19), (20, 19), (21, 20)])
  func percentile(count: Int, rank: Int) throws {
    let statistics = try #require(OrderStatistics((1...count).map(Double.init).reversed()))
    #expect(statistics.percentile95 == Double(rank))
    #expect(statistics.value(rank: rank) == Double(rank))
  }

  @Test("An empty sample has no statistics")
  func empty() { #expect(OrderStatistics([]) == nil) }

  @Test("The ratio of an even number of pairs is the root of the middle product")
  func ratio() {
    let pairs: [(baseline: Double, contender: Double)] = [(10, 20), (10, 80), (4, 2), (5, 40)]
    // Ratios 0.5, 2, 8, 8.
    #expect(medianRatio(pairs) == 4)
    #expect(medianRatio(pairs.map { (baseline: $0.contender, contender: $0.baseline) }) == 0.25)
    #expect(medianRatio(Array(pairs.prefix(3))) == 2)
    #expect(medianRatio([]) == nil)
  }
}
