/// Error probability of each of `family` intervals so that all together miss with at most `alpha`.
///
/// Source: Dunn, Journal of the American Statistical Association 56 (1961), 52–64.
package func bonferroni(alpha: Double, family: Int) -> Double { alpha / Double(max(family, 1)) }

/// p-values of a family, adjusted so that comparing each with alpha keeps the family's error at
/// alpha; never less sharp than Bonferroni's.
///
/// Source: Holm, Scandinavian Journal of Statistics 6 (1979), 65–70.
/// - Returns: in the order of `pValues`.
package func holm(_ pValues: [Double]) -> [Double] {
  var adjusted = pValues
  var largest = 0.0
  let order = pValues.indices.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
  for (place, index) in order.enumerated() {
    largest = max(largest, min(1, pValues[index] * Double(pValues.count - place)))
    adjusted[index] = largest
  }
  return adjusted
}

/// Two-sided p-value of the exact sign test: how likely so uneven a split or a more uneven one is
/// when both signs are equally likely.
///
/// Ties are left out by the caller. Source: Conover, Practical Nonparametric Statistics, 3rd
/// edition, section 3.4.
package func signTestPValue(positive: Int, negative: Int) -> Double {
  min(
    1,
    2
      * binomialTail(
        atLeast: max(positive, negative), count: positive + negative, probability: 0.5))
}
