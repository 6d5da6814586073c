import Statistics
import Testing

struct MultipleComparisonsTests {
  @Test("Holm's adjustment is that of statsmodels")
  func holmFamilies() throws {
    let rows = try GoldenValues.rows("holm.csv")
    let families = Dictionary(grouping: rows) { $0[0] }
    #expect(families.count == 5)
    for family in families.values {
      let adjusted = holm(family.map { $0[1] })
      for (value, row) in zip(adjusted, family) {
        #expect(relativeError(value, row[2]) < 1e-14, "\(row): \(value)")
      }
    }
    #expect(holm([]).isEmpty)
  }

  @Test("Holm rejects whatever Bonferroni rejects")
  func sharper() {
    let pValues = [0.004, 0.03, 0.012, 0.5, 0.011]
    for (adjusted, p) in zip(holm(pValues), pValues) where p <= bonferroni(alpha: 0.05, family: 5) {
      #expect(adjusted <= 0.05)
    }
    // 0.011 · 4 = 0.044 is rejected, though 0.011 > 0.05 ∕ 5.
    #expect(holm(pValues)[4] <= 0.05)
  }

  @Test("Bonferroni divides, and a family of none is one of one")
  func division() {
    #expect(bonferroni(alpha: 0.05, family: 4) == 0.0125)
    #expect(bonferroni(alpha: 0.05, family: 0) == 0.05)
  }

  @Test("The sign test's p-value is SciPy's exact one")
  func signTests() throws {
    let rows = try GoldenValues.rows("sign-tests.csv")
    #expect(rows.count == 9)
    for row in rows {
      let p = signTestPValue(positive: Int(row[0]), negative: Int(row[1]))
      #expect(relativeError(p, row[2]) < 1e-12, "\(row): \(p)")
    }
  }
}
