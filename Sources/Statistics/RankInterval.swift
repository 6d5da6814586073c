/// The exact interval of the ratio of two samples that are not paired, one of which may be very small:
/// of all m · n ratios of a value of the one to a value of the other, in rising order, from the one of
/// rank `lower` to that of rank `upper`.
///
/// It holds the true factor with at least the confidence asked for where both sides scatter alike up
/// to that factor, that is where their logarithms differ by a shift. Three values beside forty are
/// enough for 1 − 0.0002, where a median's own interval would take thirteen.
/// Source: Hodges and Lehmann, Annals of Mathematical Statistics 34 (1963), 598–611; Mann and Whitney,
/// Annals of Mathematical Statistics 18 (1947), 50–60, for the distribution of the ranks.
package struct RankInterval: Hashable, Sendable {
  /// Counted from 1.
  package let lower: Int
  package let upper: Int

  /// - Parameter confidence: in 0 ..< 1.
  /// - Returns: nil when even all ratios are not enough.
  package init?(_ m: Int, _ n: Int, confidence: Double) {
    guard m > 0, n > 0, confidence >= 0 else { return nil }
    // Largest c with 2 · P(U < c) ≤ 1 − confidence, U the Mann–Whitney statistic.
    var sum = 0.0
    var rank = 0
    for share in Self.distribution(m, n) {
      sum += share
      guard 2 * sum <= 1 - confidence else { break }
      rank += 1
    }
    guard rank > 0 else { return nil }
    lower = rank
    upper = m * n + 1 - rank
  }

  /// P(U = u) for u = 0, 1, …, by Mann's and Whitney's recursion: the largest value is of the one
  /// sample or of the other. Complexity: O(m² · n²), m the smaller.
  private static func distribution(_ first: Int, _ second: Int) -> [Double] {
    let (m, n) = (min(first, second), max(first, second))
    // rows[i][u] = P(U = u) of i and j values, j growing.
    var rows = [[Double]](repeating: [1], count: m + 1)
    for j in 1...n {
      var next: [[Double]] = [[1]]
      for i in 1...m {
        var row = [Double](repeating: 0, count: i * j + 1)
        let (ofFirst, ofSecond) = (Double(i) / Double(i + j), Double(j) / Double(i + j))
        // The largest is of the first sample: it exceeds all j of the second.
        for (u, share) in next[i - 1].enumerated() { row[u + j] += ofFirst * share }
        for (u, share) in rows[i].enumerated() { row[u] += ofSecond * share }
        next.append(row)
      }
      rows = next
    }
    return rows[m]
  }
}

/// What two samples that are not paired say about the ratio of two workloads.
package struct RankRatio: Hashable, Sendable {
  /// Hodges' and Lehmann's estimate: the median of all ratios.
  package let ratio: Double
  package let lower: Double
  package let upper: Double

  /// - Parameters:
  ///   - baseline: values above 0.
  ///   - confidence: of the interval, already corrected for the family it stands in.
  /// - Returns: nil when there are too few values, or one that is not above 0.
  package init?(baseline: [Double], contender: [Double], confidence: Double) {
    guard baseline.allSatisfy({ $0 > 0 }), contender.allSatisfy({ $0 > 0 }),
      let ranks = RankInterval(baseline.count, contender.count, confidence: confidence)
    else { return nil }
    let ratios = contender.flatMap { own in baseline.map { own / $0 } }.sorted()
    ratio = medianRatio(sorted: ratios)
    lower = ratios[ranks.lower - 1]
    upper = ratios[ranks.upper - 1]
  }

  /// The least factor that the interval would have told with probability of 0.95 or so: it reaches as
  /// far from the ratio as from the true factor, so that twice the distance is enough.
  package var detectableFactor: Double {
    let reach = max(upper / ratio, ratio / lower)
    return reach * reach
  }
}
