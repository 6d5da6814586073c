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

  @Test("Median, median absolute deviation and 95th percentile are those of NumPy and SciPy")
  func golden() throws {
    let rows = try GoldenValues.fields("samples.csv")
    #expect(rows.count == 10)
    for row in rows {
      let values = try row[0].split(separator: " ").map(GoldenValues.number)
      let statistics = try #require(OrderStatistics(values))
      #expect(statistics.median == (try GoldenValues.number(row[1])))
      // SciPy subtracts the same numbers.
      #expect(statistics.medianAbsoluteDeviation == (try GoldenValues.number(row[2])))
      #expect(statistics.percentile95 == (try GoldenValues.number(row[3])))
    }
  }
}
