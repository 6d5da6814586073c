/// Median of the slopes of all pairs of points: a trend that a third of wild points can't bend.
///
/// Of an even number of slopes the lower middle one. Complexity: O(n²).
/// Source: Sen, Journal of the American Statistical Association 63 (1968), 1379–1389.
/// - Returns: nil when no two points differ in x.
package func theilSenSlope(_ points: [(x: Double, y: Double)]) -> Double? {
  var slopes: [Double] = []
  for (index, a) in points.enumerated() {
    for b in points[..<index] where a.x != b.x {
      slopes.append((a.y - b.y) / (a.x - b.x))
    }
  }
  return OrderStatistics(slopes)?.median
}
