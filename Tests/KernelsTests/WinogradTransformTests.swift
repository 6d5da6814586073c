import Backends
import Testing

@Suite("Winograd transforms")
struct WinogradTransformTests {
  /// Every F(m, r) that kernels exist for.
  static let transforms = [3, 5].flatMap { taps in
    (2...6).compactMap { WinogradTransform(outputs: $0, taps: taps) }
  }

  /// Those of short tiles.
  static let shortened = transforms.flatMap { full in
    Set((1...full.outputs).compactMap { full.shortened(to: $0) })
  }

  @Test("are exactly a convolution, in fractions", arguments: transforms + shortened)
  func identity(transform: WinogradTransform) {
    let a = transform.outputMatrix
    let g = transform.filterMatrix
    let b = transform.inputMatrix
    // y_i = Σ_f A[i][f] (Σ_k G[f][k] g_k) (Σ_l B[f][l] d_l): the coefficient of g_k d_l must be 1
    // where l = i + k and 0 elsewhere.
    for i in 0..<transform.outputs {
      for k in 0..<transform.taps {
        for l in 0..<transform.size {
          let coefficient = (0..<transform.size).reduce(Rational.zero) {
            $0 + a[i][$1] * g[$1][k] * b[$1][l]
          }
          #expect(coefficient == (l == i + k ? .one : .zero), "F(\(transform)) at \(i), \(k), \(l)")
        }
      }
    }
  }

  @Test("of short tiles work on the filters of full ones")
  func shortTiles() {
    for full in Self.transforms {
      for count in 1...full.outputs {
        guard let short = full.shortened(to: count) else { continue }
        #expect(short.outputs >= count && short.outputs < full.outputs)
        // The frequencies of the last pairs are missing; all others are there, in the same order.
        let kept = full.filterMatrix.enumerated().filter { index, _ in
          let tail = 1 + 2 * short.pairs.count
          return index < tail || index >= tail + full.size - short.size
        }
        #expect(short.filterMatrix == kept.map(\.element))
      }
    }
    let sizes = Self.shortened.map { "\($0.outputs), \($0.taps)" }.sorted()
    #expect(sizes == ["1, 5", "2, 3", "2, 3", "2, 5", "3, 3", "4, 3"])
    #expect(WinogradTransform(outputs: 5, taps: 3)?.shortened(to: 4) == nil)
  }

  @Test("exist for tiles of 4, 6, 7 and 8 inputs only")
  func sizes() {
    let sizes = Set(Self.transforms.map(\.size))
    #expect(sizes == [4, 6, 7, 8])
    #expect(WinogradTransform(outputs: 3, taps: 3) == nil)
  }

  @Test(
    "hand the kernel halves of a pair of rows that add up to the rows",
    arguments: transforms + shortened)
  func coefficients(transform: WinogradTransform) {
    let size = transform.size
    let rows = transform.inputMatrix.map { $0.map { Float($0.value) } }
    let packed = transform.inputCoefficients
    #expect(packed.count == size * size)
    for pair in transform.pairs.indices {
      let sum = packed[((1 + 2 * pair) * size)...].prefix(size)
      let difference = packed[((2 + 2 * pair) * size)...].prefix(size)
      #expect(zip(sum, difference).map { $0 + $1 } == rows[1 + 2 * pair])
      #expect(zip(sum, difference).map { $0 - $1 } == rows[2 + 2 * pair])
      // Without single points the kernel skips every other term.
      if transform.singles.isEmpty {
        #expect(sum.enumerated().allSatisfy { $0.offset % 2 == 0 || $0.element == 0 })
        #expect(difference.enumerated().allSatisfy { $0.offset % 2 == 1 || $0.element == 0 })
      }
    }
  }

  @Test("fractions are kept in lowest terms with a positive denominator")
  func fractions() {
    #expect(Rational(6, -4) == Rational(-3, 2))
    #expect(Rational(1, 3) + Rational(1, 6) == Rational(1, 2))
    #expect(Rational(2, 3) / Rational(-4, 9) == Rational(-3, 2))
    #expect(Rational(0, -5) == .zero)
  }
}
