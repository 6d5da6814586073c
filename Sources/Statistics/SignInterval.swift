/// The exact order-statistic interval of a median: from the value of rank `lower` to that of rank
/// `upper`, ranks counted from 1.
///
/// It holds the median of any continuous distribution with at least the confidence asked for.
/// Source: Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2.
package struct SignInterval: Hashable, Sendable {
  package let lower: Int
  package let upper: Int

  /// The narrowest symmetric interval.
  /// - Parameters:
  ///   - count: size of the sample.
  ///   - confidence: in 0 ..< 1, for example 0.95.
  /// - Returns: nil when even the whole sample is not enough; 95 % takes 6 values.
  package init?(count: Int, confidence: Double) {
    precondition(confidence >= 0 && confidence < 1)
    guard count > 0 else { return nil }
    // Largest r with 2 · P(X < r) ≤ 1 − confidence for X ~ Binomial(count, ½).
    // Counts of outcomes are kept as `value · 2^(scale · 500)`; powers of two scale exactly.
    var term = 1.0  // outcomes with X = r
    var sum = 0.0  // outcomes with X < r
    var scale = 0
    var rank = 0
    while rank <= (count - 1) / 2 {
      let next = sum + term
      guard 2 * next <= (1 - confidence) * Self.powerOfTwo(count - 500 * scale) else { break }
      sum = next
      term = term * Double(count - rank) / Double(rank + 1)
      rank += 1
      if term > 0x1p500 {
        term *= 0x1p-500
        sum *= 0x1p-500
        scale += 1
      }
    }
    guard rank > 0 else { return nil }
    lower = rank
    upper = count + 1 - rank
  }

  /// Infinite above the range of a Double, which only makes the comparison true.
  private static func powerOfTwo(_ exponent: Int) -> Double {
    exponent > 1023 ? .infinity : Double(sign: .plus, exponent: exponent, significand: 1)
  }
}
