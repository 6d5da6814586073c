/// P(X ≥ `rank`) for X ~ Binomial(`count`, `probability`).
///
/// It is also the regularised incomplete beta function I_p(rank, count − rank + 1): the probability
/// that the `rank`-th smallest of `count` uniform values is at most p. Only + − × ÷, so that every
/// machine gets the same bits. Complexity: O(count). Relative error below 10⁻¹⁰ up to a count of
/// 20 000.
package func binomialTail(atLeast rank: Int, count: Int, probability: Double) -> Double {
  precondition(count >= 0 && probability >= 0 && probability <= 1)
  if rank <= 0 { return 1 }
  if rank > count || probability == 0 { return 0 }
  if probability == 1 { return 1 }
  // Terms relative to the largest one: that one's own value, which may be below the range of a
  // Double, is never needed.
  let mode = min(count, Int(Double(count + 1) * probability))
  let odds = probability / (1 - probability)
  var total = 1.0
  var tail = mode >= rank ? 1.0 : 0
  var term = 1.0
  for successes in stride(from: mode + 1, through: count, by: 1) {
    term *= Double(count - successes + 1) / Double(successes) * odds
    if term == 0 { break }
    total += term
    if successes >= rank { tail += term }
  }
  term = 1
  for successes in stride(from: mode - 1, through: 0, by: -1) {
    term *= Double(successes + 1) / (Double(count - successes) * odds)
    if term == 0 { break }
    total += term
    if successes >= rank { tail += term }
  }
  return tail / total
}

/// The `probability` quantile of the Beta(`rank`, `count` − `rank` + 1) distribution, which is that
/// of the `rank`-th smallest of `count` uniform values.
///
/// By bisection on ``binomialTail(atLeast:count:probability:)`` to the last bit.
package func orderStatisticQuantile(rank: Int, count: Int, probability: Double) -> Double {
  precondition(rank >= 1 && rank <= count && probability > 0 && probability < 1)
  var lower = 0.0
  var upper = 1.0
  while true {
    let middle = lower + (upper - lower) / 2
    guard middle > lower, middle < upper else { return upper }
    if binomialTail(atLeast: rank, count: count, probability: middle) < probability {
      lower = middle
    } else {
      upper = middle
    }
  }
}

/// Natural logarithm by + − × ÷ alone: the system's own may differ in the last bit between machines.
///
/// Relative error below 10⁻¹⁵.
/// - Parameter value: at least 1, finite.
func reproducibleLogarithm(_ value: Double) -> Double {
  precondition(value >= 1 && value.isFinite)
  var rest = value
  var halvings = 0.0
  while rest > 1.5 {
    rest /= 2
    halvings += 1
  }
  // ln x = 2 artanh((x − 1) ∕ (x + 1)); the argument is within ±0.2.
  let argument = (rest - 1) / (rest + 1)
  var power = argument
  var sum = 0.0
  for odd in stride(from: 1.0, through: 25, by: 2) {
    sum += power / odd
    power *= argument * argument
  }
  return 2 * sum + halvings * 0.6931471805599453
}
