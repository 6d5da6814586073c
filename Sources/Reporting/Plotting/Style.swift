/// Colours, shapes, dashes and patterns. What differs in colour differs in shape as well, so that a
/// print in black and white tells the same.
package enum Style {
  /// Okabe and Ito's palette for all kinds of colour vision, the faint yellow last.
  static let colors = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#B8A800",
  ]
  /// Okabe and Ito's orange-red; nothing but marks of trouble.
  static let alarm = "#D55E00"
  static let grey = "#808080"
  static let faint = "#F3F3F3"

  /// gnuplot's point types: filled square, circle, triangles, diamond, pentagon, then hollow ones.
  private static let points = [7, 5, 9, 13, 11, 15, 6, 4, 8, 12, 10, 14]
  /// The hollow shape of each filled one.
  static func hollow(_ point: Int) -> Int { point % 2 == 1 ? point - 1 : point }

  package static func color(_ index: Int) -> String { colors[index % colors.count] }

  /// With ``color(_:)`` a pair that returns after 96 series only.
  package static func point(_ index: Int) -> Int {
    points[(index + 5 * (index / colors.count)) % points.count]
  }

  /// Of pieces of a bar; black is for what belongs to none.
  static func fillColor(_ index: Int) -> String {
    let others = colors.filter { $0 != "#000000" }
    return others[index % others.count]
  }

  /// gnuplot's fill patterns, neighbours far from each other: solid, hatched, solid, …
  static func fill(_ index: Int) -> String {
    ["solid 0.9", "pattern 4", "solid 0.35", "pattern 5", "solid 0.6", "pattern 2"][index % 6]
  }

  /// Lengths of strokes and gaps in turn, none for a solid line.
  private static let dashes: [[Int]] = [
    [], [14, 5], [3, 3], [10, 4, 2, 4], [18, 4, 2, 4, 2, 4], [6, 6], [2, 6], [24, 6],
  ]

  /// Dashes of lines, for gnuplot's `dt`.
  static func dash(_ index: Int) -> String {
    let lengths = dashes[index % dashes.count]
    return lengths.isEmpty ? "1" : "(\(lengths.map(String.init).joined(separator: ",")))"
  }

  /// The strokes of such a line, in pixels from its beginning; for legends, whose lines gnuplot's
  /// SVG draws without their dashes.
  static func strokes(_ index: Int, length: Double) -> [(start: Double, end: Double)] {
    let lengths = dashes[index % dashes.count].map { 0.65 * Double($0) }
    guard !lengths.isEmpty else { return [(0, length)] }
    var strokes: [(start: Double, end: Double)] = []
    var place = 0.0
    var part = 0
    while place < length {
      let end = place + lengths[part % lengths.count]
      if part % 2 == 0 { strokes.append((place, min(end, length))) }
      place = end
      part += 1
    }
    return strokes
  }
}
