/// Order statistics of a sample. Every result is a value of the sample or a difference of two, so
/// any program recomputes it to the same bits.
package struct OrderStatistics: Sendable {
  /// In rising order.
  package let sorted: [Double]

  /// - Parameter values: at least one, none NaN.
  package init?(_ values: some Sequence<Double>) {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    precondition(sorted.allSatisfy { !$0.isNaN }, "a sample holds NaN")
    self.sorted = sorted
  }

  package var count: Int { sorted.count }
  package var minimum: Double { sorted[0] }
  package var maximum: Double { sorted[count - 1] }

  /// The middle value; of an even count the lower of the two.
  package var median: Double { sorted[(count - 1) / 2] }

  /// The smallest value that at least 95 % of the sample do not exceed (nearest rank).
  package var percentile95: Double { sorted[(95 * count + 99) / 100 - 1] }

  /// Median of |value − median|, without a factor.
  package var medianAbsoluteDeviation: Double {
    let center = median
    return OrderStatistics(sorted.map { abs($0 - center) })!.median
  }

  /// The value of a rank that counts from 1.
  package func value(rank: Int) -> Double { sorted[rank - 1] }
}
