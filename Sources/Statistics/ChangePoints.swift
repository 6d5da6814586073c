/// A change of level in a series.
package struct ChangePoint: Hashable, Sendable {
  /// Index of the first value after the change.
  package var index: Int
  /// Means of the stretches before and after, up to the next change or the end.
  package var meanBefore: Double
  package var meanAfter: Double
  /// Share of permuted series whose best split is as good.
  package var pValue: Double

  /// (After − before) ∕ before.
  package var relativeChange: Double { (meanAfter - meanBefore) / meanBefore }
}

/// Changes of level: E-divisive, each stretch split where the energy distance of its parts is
/// largest, as long as that is rarer than `significance` among permutations of the stretch.
///
/// The same series and seed give the same points on every machine. Complexity: O(permutations · n²)
/// for a stretch that has a change; one that has none is given up after a few permutations.
/// Source: Matteson and James, Journal of the American Statistical Association 109 (2014),
/// 334–345, with α = 1; Daly and others, ICPE 2020, use it on benchmark results.
/// - Parameters:
///   - leastStretch: values between two changes, and before the first and after the last, at least.
/// - Returns: in order.
package func changePoints(
  _ series: [Double], significance: Double = 0.005, permutations: Int = 399, leastStretch: Int = 4,
  seed: UInt64 = 1
) -> [ChangePoint] {
  precondition(significance > 0 && permutations >= 1 && leastStretch >= 2)
  precondition(series.allSatisfy(\.isFinite), "a series holds a value that is no number")
  var generator = SplitMix64(seed: seed)
  var found: [(index: Int, pValue: Double)] = []
  var stretches = [0..<series.count]
  while let stretch = stretches.popLast() {
    let values = Array(series[stretch])
    guard let split = bestSplit(values, leastStretch: leastStretch), split.score > 0 else {
      continue
    }
    // As many may be as good that the p-value still is below the bound.
    let allowed = Int((significance * Double(permutations + 1)).rounded(.down)) - 1
    var better = 0
    for _ in 0..<permutations where better <= allowed {
      if let other = bestSplit(generator.shuffled(values), leastStretch: leastStretch),
        other.score >= split.score
      {
        better += 1
      }
    }
    guard better <= allowed else { continue }
    let index = stretch.lowerBound + split.index
    found.append((index, Double(better + 1) / Double(permutations + 1)))
    // Left first, so that the permutations do not depend on the order of finding.
    stretches += [index..<stretch.upperBound, stretch.lowerBound..<index]
  }
  found.sort { $0.index < $1.index }
  let ends = [0] + found.map(\.index) + [series.count]
  func mean(_ range: Range<Int>) -> Double {
    series[range].reduce(0, +) / Double(range.count)
  }
  return found.enumerated().map { place, point in
    ChangePoint(
      index: point.index, meanBefore: mean(ends[place]..<point.index),
      meanAfter: mean(point.index..<ends[place + 2]), pValue: point.pValue)
  }
}

/// The split of a series whose parts differ most; nil when it is too short for one.
private func bestSplit(_ values: [Double], leastStretch: Int) -> (index: Int, score: Double)? {
  let count = values.count
  guard count >= 2 * leastStretch else { return nil }
  // Sums of distances: within the left part, within the right one, and between them.
  var left = 0.0
  var right = 0.0
  var between = 0.0
  var best: (index: Int, score: Double)?
  values.withUnsafeBufferPointer { values in
    for index in 0..<count {
      for other in 0..<index { right += abs(values[index] - values[other]) }
    }
    for index in 0..<count {
      // The value at `index` goes from the right part to the left.
      var toLeft = 0.0
      var toRight = 0.0
      for other in 0..<index { toLeft += abs(values[index] - values[other]) }
      for other in index + 1..<count { toRight += abs(values[index] - values[other]) }
      left += toLeft
      right -= toRight
      between += toRight - toLeft
      let m = index + 1
      let n = count - m
      guard m >= leastStretch, n >= leastStretch else { continue }
      let (a, b) = (Double(m), Double(n))
      let distance = 2 * between / (a * b) - 2 * left / (a * (a - 1)) - 2 * right / (b * (b - 1))
      let score = a * b / (a + b) * distance
      if score > best?.score ?? -.infinity { best = (m, score) }
    }
  }
  return best
}
