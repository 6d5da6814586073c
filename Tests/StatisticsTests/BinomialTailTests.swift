import Statistics
import Testing

struct BinomialTailTests {
  @Test("Tails are SciPy's, the tiny ones too")
  func tails() throws {
    let rows = try GoldenValues.rows("binomial-tails.csv")
    #expect(rows.count > 150)
    for row in rows {
      let tail = binomialTail(atLeast: Int(row[1]), count: Int(row[0]), probability: row[2])
      #expect(relativeError(tail, row[3]) < 1e-10, "\(row): \(tail)")
    }
  }

  @Test("Quantiles of order statistics are those of SciPy's beta distribution")
  func quantiles() throws {
    let rows = try GoldenValues.rows("beta-quantiles.csv")
    #expect(rows.count == 50)
    for row in rows {
      let quantile = orderStatisticQuantile(
        rank: Int(row[1]), count: Int(row[0]), probability: row[2])
      #expect(relativeError(quantile, row[3]) < 1e-10, "\(row): \(quantile)")
    }
  }

  @Test("What is certain or impossible is exact")
  func edges() {
    #expect(binomialTail(atLeast: 0, count: 5, probability: 0.3) == 1)
    #expect(binomialTail(atLeast: 6, count: 5, probability: 0.3) == 0)
    #expect(binomialTail(atLeast: 1, count: 5, probability: 0) == 0)
    #expect(binomialTail(atLeast: 5, count: 5, probability: 1) == 1)
    #expect(binomialTail(atLeast: 1, count: 0, probability: 0.5) == 0)
  }
}
