/// The matrices of a one-dimensional Winograd convolution F(m, r), computed exactly from the points
/// at which the polynomials are evaluated.
///
/// y = A^T[(G g) ⊙ (B^T d)] gives the m outputs of an r-tap filter g over α = m + r − 1 inputs d.
/// Two dimensions nest it with itself. Source: Winograd, "Arithmetic complexity of computations"
/// (1980), chapter 4; Lavin and Gray (2015), section 4; Toom–Cook with the point ∞.
package struct WinogradTransform: Hashable, Sendable {
  /// Outputs per tile, m.
  package let outputs: Int
  /// Filter taps, r.
  package let taps: Int
  /// Points ±p, then points alone; 0 and ∞ always belong to the set.
  package let pairs: [Rational]
  package let singles: [Rational]
  /// Points that filters were transformed with but that these tiles do without: ``shortened(to:)``.
  package let omitted: [Rational]

  /// α = m + r − 1: inputs per tile and number of products.
  package var size: Int { outputs + taps - 1 }

  /// - Returns: nil when no kernel is built for tiles of that size.
  package init?(outputs: Int, taps: Int) {
    self.outputs = outputs
    self.taps = taps
    omitted = []
    // Points near 1 with few bits keep the numbers, and so the rounding errors, small: Barabasz et
    // al., "Error analysis and improving the accuracy of Winograd convolution" (2020), section 5.
    // Of the sets tried in float32 on random data these had the least RMS error; ±3/4 and ±3/2
    // half that of the customary ±1 and ±2; ±7/8, ±2, 3/8 15 to 20 % less than ±1, ±1/2, −2 on
    // AlexNet's layers.
    switch outputs + taps - 1 {
    case 4: (pairs, singles) = ([Rational(1)], [])
    case 6: (pairs, singles) = ([Rational(3, 4), Rational(3, 2)], [])
    case 7: (pairs, singles) = ([Rational(7, 8), Rational(2)], [Rational(3, 8)])
    case 8: (pairs, singles) = ([Rational(1), Rational(2), Rational(1, 2)], [])
    default: return nil
    }
  }

  /// One that is computed elsewhere, with its points, for its error bound.
  init(
    outputs: Int, taps: Int, pairs: [Rational], singles: [Rational] = [],
    omitted: [Rational] = []
  ) {
    self.outputs = outputs
    self.taps = taps
    self.pairs = pairs
    self.singles = singles
    self.omitted = omitted
  }

  /// The transform to fewer outputs, but at least `count`, that works on the same transformed filters: it
  /// does without the last pairs of points, two outputs less for each.
  ///
  /// A filter's value at a point differs between the two by a factor only, the denominators of the points
  /// left out, which the input takes over.
  /// - Returns: nil when there is no smaller one.
  package func shortened(to count: Int) -> WinogradTransform? {
    let pairCount = min((outputs - count) / 2, pairs.count - 1)
    guard count > 0, pairCount > 0 else { return nil }
    return WinogradTransform(
      outputs: outputs - 2 * pairCount, taps: taps, pairs: pairs.dropLast(pairCount),
      singles: singles,
      omitted: pairs.suffix(pairCount).flatMap { [$0, Rational(-1) * $0] })
  }

  /// The finite points in the order of the frequencies: 0, p₁, −p₁, p₂, −p₂, …, singles; ∞ is last.
  package var points: [Rational] {
    [.zero] + pairs.flatMap { [$0, Rational(-1) * $0] } + singles
  }

  /// m×α.
  package var outputMatrix: [[Rational]] {
    (0..<outputs).map { i in
      points.map { power($0, i) } + [i == outputs - 1 ? .one : .zero]
    }
  }

  /// α×r: the filter's polynomial at each point, divided by that point's Lagrange denominator.
  package var filterMatrix: [[Rational]] {
    let finite = points.indices.map { j in
      let denominator = points.indices.filter { $0 != j }
        .reduce(omittedFactor(at: points[j])) { $0 * (points[j] - points[$1]) }
      return (0..<taps).map { power(points[j], $0) / denominator }
    }
    return finite + [(0..<taps).map { $0 == taps - 1 ? .one : .zero }]
  }

  /// α×α: row j holds the coefficients of Π over the other points of (x − point).
  package var inputMatrix: [[Rational]] {
    let finite = points.indices.map { j in
      polynomial(roots: points.indices.filter { $0 != j }.map { points[$0] })
        .map { omittedFactor(at: points[j]) * $0 } + [.zero]
    }
    return finite + [polynomial(roots: points)]
  }

  /// Π over the omitted points of (point − omitted): what denominators have too much.
  private func omittedFactor(at point: Rational) -> Rational {
    omitted.reduce(.one) { $0 * (point - $1) }
  }

  private func power(_ base: Rational, _ exponent: Int) -> Rational {
    (0..<exponent).reduce(.one) { product, _ in product * base }
  }

  /// Coefficients of Π (x − root), lowest first.
  private func polynomial(roots: [Rational]) -> [Rational] {
    roots.reduce([Rational.one]) { coefficients, root in
      var next = [Rational](repeating: .zero, count: coefficients.count + 1)
      for (degree, coefficient) in coefficients.enumerated() {
        next[degree + 1] = next[degree + 1] + coefficient
        next[degree] = next[degree] - root * coefficient
      }
      return next
    }
  }

  /// What the input kernel reads: the row of 0, then of each pair half the sum and half the
  /// difference of its two rows, the rows of the singles, the row of ∞; α numbers each.
  package var inputCoefficients: [Float] {
    let rows = inputMatrix
    let half = Rational(1, 2)
    var result = rows[0]
    for pair in pairs.indices {
      let (plus, minus) = (rows[1 + 2 * pair], rows[2 + 2 * pair])
      result += zip(plus, minus).map { half * ($0 + $1) }
      result += zip(plus, minus).map { half * ($0 - $1) }
    }
    for row in rows[(1 + 2 * pairs.count)...] { result += row }
    return result.map { Float($0.value) }
  }

  /// What the output kernel reads: [output][pair, then single], powers of the points.
  package var outputCoefficients: [Float] {
    (0..<outputs).flatMap { i in (pairs + singles).map { Float(power($0, i).value) } }
  }

  /// Operations of `InputTransform.apply`: without single points every other coefficient is 0 and left
  /// out.
  package var inputFLOPs: Int {
    let step = singles.isEmpty ? 2 : 1
    func dot(_ from: Int, _ to: Int, _ step: Int) -> Int { 2 * ((to - from + step - 1) / step) - 1 }
    return dot(0, size - 1, step)
      + pairs.count * (dot(2, size - 1, step) + dot(1, size - 1 - singles.count, step) + 2)
      + singles.count * dot(1, size - 1, 1) + dot(1, size, step)
  }

  /// Operations of `OutputTransform.apply`: sums and differences of pairs; the first output adds, the
  /// others multiply and add.
  package var outputFLOPs: Int {
    let terms = pairs.count + singles.count
    return 2 * pairs.count + (outputs == 1 ? 1 : 0) + terms + 2 * (outputs - 1) * terms
  }

  /// How much larger the rounding error bound is than the direct method's (K + 2) u Σ|w||x| with
  /// K = r²·`channels`.
  ///
  /// Two factors. For operands of equal magnitude the two-dimensional algorithm adds up
  /// (Σ_f |A^T| · (|G| 1) · (|B^T| 1))² in magnitude where the direct sum adds up r²; the largest
  /// output counts. And a value passes fewer roundings: one of the filter, those of α terms in each
  /// of four transform passes, the product, and the sum over channels. Source: the componentwise
  /// bound of Barabasz et al. (2020), theorem 1, for constant operands.
  ///
  /// - Parameter last: the transforms of short tiles among those of this one.
  package func errorAmplification(
    channels: Int, last: [WinogradTransform] = []
  ) -> Double {
    let growth = (last + [self]).map(\.growth).max() ?? 1
    let roundings = Double(channels + 4 * size + 2)
    return growth * growth * roundings / Double(taps * taps * channels + 2)
  }

  /// Σ_f |A^T| · (|G| 1) · (|B^T| 1) of the largest output over r.
  private var growth: Double {
    let filterSums = filterMatrix.map { $0.reduce(0) { $0 + abs($1.value) } }
    let inputSums = inputMatrix.map { $0.reduce(0) { $0 + abs($1.value) } }
    let largest =
      outputMatrix.map { row in
        row.indices.reduce(0) { $0 + abs(row[$1].value) * filterSums[$1] * inputSums[$1] }
      }.max() ?? 1
    return largest / Double(taps)
  }
}

/// An exact fraction, for transform matrices.
///
/// Numerators and denominators of all matrices used are far below 2⁶³; overflow traps.
package struct Rational: Hashable, Sendable, CustomStringConvertible {
  package let numerator: Int
  /// Positive.
  package let denominator: Int

  package init(_ numerator: Int, _ denominator: Int = 1) {
    precondition(denominator != 0, "a fraction over zero")
    var (a, b) = (abs(numerator), abs(denominator))
    while b != 0 { (a, b) = (b, a % b) }
    let sign = denominator < 0 ? -1 : 1
    self.numerator = sign * numerator / max(a, 1)
    self.denominator = sign * denominator / max(a, 1)
  }

  package static let zero = Rational(0)
  package static let one = Rational(1)

  package static func + (a: Rational, b: Rational) -> Rational {
    Rational(
      a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
  }
  package static func - (a: Rational, b: Rational) -> Rational { a + Rational(-1) * b }
  package static func * (a: Rational, b: Rational) -> Rational {
    Rational(a.numerator * b.numerator, a.denominator * b.denominator)
  }
  package static func / (a: Rational, b: Rational) -> Rational {
    Rational(a.numerator * b.denominator, a.denominator * b.numerator)
  }

  /// The nearest double.
  package var value: Double { Double(numerator) / Double(denominator) }
  package var description: String {
    denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)"
  }
}
