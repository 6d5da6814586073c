import Statistics
import Testing

struct SignIntervalTests {
  /// Golden ranks from scipy.stats.binom.cdf.
  @Test(
    "Ranks are those of the exact binomial distribution",
    arguments: [
      (6, 0.95, 1, 6), (7, 0.95, 1, 7), (8, 0.99, 1, 8), (10, 0.95, 2, 9), (20, 0.95, 6, 15),
      (20, 0.99, 4, 17), (25, 0.95, 8, 18), (50, 0.99, 16, 35), (100, 0.95, 40, 61),
      (1000, 0.95, 469, 532), (1500, 0.99, 700, 801), (5000, 0.95, 2431, 2570),
      (5000, 0.99, 2409, 2592),
    ] as [(Int, Double, Int, Int)])
  func ranks(count: Int, confidence: Double, lower: Int, upper: Int) {
    let interval = SignInterval(count: count, confidence: confidence)
    #expect(interval?.lower == lower)
    #expect(interval?.upper == upper)
  }

  @Test("Ranks are SciPy's for many counts and confidences, corrected ones too")
  func golden() throws {
    let rows = try GoldenValues.rows("sign-intervals.csv")
    #expect(rows.count > 400)
    for row in rows {
      let count = Int(row[0])
      let interval = SignInterval(count: count, confidence: row[1])
      #expect(interval?.lower ?? 0 == Int(row[2]), "\(row)")
      if let interval { #expect(interval.upper == count + 1 - interval.lower) }
    }
  }

  @Test("Too few values have no interval", arguments: [(0, 0.95), (1, 0.95), (5, 0.95), (7, 0.99)])
  func none(count: Int, confidence: Double) {
    #expect(SignInterval(count: count, confidence: confidence) == nil)
  }

  @Test("A confidence that is met exactly is enough")
  func exact() {
    // 1 − 2 · (1/2)⁶ = 0.96875.
    #expect(SignInterval(count: 6, confidence: 0.96875) != nil)
    #expect(SignInterval(count: 6, confidence: 0.96876) == nil)
  }

  @Test("An interval without confidence still holds the median", arguments: 1...9)
  func noConfidence(count: Int) throws {
    let interval = try #require(SignInterval(count: count, confidence: 0))
    #expect(interval.lower <= interval.upper)
    #expect(interval.lower + interval.upper == count + 1)
  }
}
