/// The integer vector of the same width, for work on bit patterns.
typealias Bits = Vector.MaskStorage

/// Adding and subtracting this rounds to the nearest integer, which stands in the low bits of the
/// sum: 1.5 · 2²³.
private let roundingConstant: Float = 12_582_912

/// 2^(whole + fraction), relative error below 2 ulp for |fraction| ≤ 0.5.
///
/// - Parameters:
///   - shifted: an integer plus ``roundingConstant``; the integer between −126 and 127.
///   - fraction: at most 0.5 in size.
/// Source: the Taylor series of 2^f; its first term left out is below 2⁻²⁶.
@inline(__always)
private func powerOfTwo(shifted: Vector, fraction f: Vector) -> Vector {
  var sum = Vector(repeating: 1.525_273_4e-5)
  sum = multiplyAdd(Vector(repeating: 1.540_353_0e-4), sum, f)
  sum = multiplyAdd(Vector(repeating: 1.333_355_8e-3), sum, f)
  sum = multiplyAdd(Vector(repeating: 9.618_129_1e-3), sum, f)
  sum = multiplyAdd(Vector(repeating: 5.550_410_9e-2), sum, f)
  sum = multiplyAdd(Vector(repeating: 2.402_265_1e-1), sum, f)
  sum = multiplyAdd(Vector(repeating: 6.931_471_8e-1), sum, f)
  sum = multiplyAdd(Vector(repeating: 1), sum, f)
  let exponent = unsafeBitCast(shifted, to: Bits.self) &<< 23
  return unsafeBitCast(unsafeBitCast(sum, to: Bits.self) &+ exponent, to: Vector.self)
}

/// e^x for x ≤ 0, relative error below 3 ulp; 0 below −87.
@inline(__always)
func exponential(_ x: Vector) -> Vector {
  let lowest = Vector(repeating: -87)
  let clamped = maximum(x, lowest)
  let magic = Vector(repeating: roundingConstant)
  let shifted = multiplyAdd(magic, clamped, Vector(repeating: 1.442_695_04))
  let whole = shifted - magic
  // x − whole · ln 2 in two steps, the first exact, then to base 2.
  var rest = multiplyAdd(clamped, whole, Vector(repeating: -0.693_359_375))
  rest = multiplyAdd(rest, whole, Vector(repeating: 2.121_944_4e-4))
  let power = powerOfTwo(shifted: shifted, fraction: rest * Vector(repeating: 1.442_695_04))
  return power.replacing(with: 0, where: x .< lowest)
}

/// x^−β for normal x > 0, relative error below 4 ulp for β ≤ 1 and x between 2⁻¹⁰⁰ and 2¹⁰⁰.
///
/// x = 2^e · m with m in [√½, √2); the exponents −β·e and −β·log₂ m are only added after the
/// integer part has been split off, so that a large e costs no accuracy.
/// Source: log(1 + z) as in Cephes' `logf` (Moshier), error below 1 ulp.
@inline(__always)
func negativePower(_ x: Vector, _ beta: Vector) -> Vector {
  let bits = unsafeBitCast(x, to: Bits.self)
  let exponentBits = (bits &- Bits(repeating: 0x3f35_04f3)) & Bits(repeating: -0x0080_0000)
  let m = unsafeBitCast(bits &- exponentBits, to: Vector.self)
  let magic = Vector(repeating: roundingConstant)
  // e as a float: an integer added to the bits of the rounding constant is an integer added to it.
  let e =
    unsafeBitCast(unsafeBitCast(magic, to: Bits.self) &+ (exponentBits &>> 23), to: Vector.self)
    - magic
  let z = m - 1
  var sum = Vector(repeating: 7.037_683_6e-2)
  sum = multiplyAdd(Vector(repeating: -1.151_461_0e-1), sum, z)
  sum = multiplyAdd(Vector(repeating: 1.167_699_9e-1), sum, z)
  sum = multiplyAdd(Vector(repeating: -1.242_014_1e-1), sum, z)
  sum = multiplyAdd(Vector(repeating: 1.424_932_3e-1), sum, z)
  sum = multiplyAdd(Vector(repeating: -1.666_805_8e-1), sum, z)
  sum = multiplyAdd(Vector(repeating: 2.000_071_5e-1), sum, z)
  sum = multiplyAdd(Vector(repeating: -2.499_999_4e-1), sum, z)
  sum = multiplyAdd(Vector(repeating: 3.333_333_1e-1), sum, z)
  let z2 = z * z
  let log = z + multiplyAdd(z2 * Vector(repeating: -0.5), sum * z, z2)
  let u = -(beta * e)
  let t = -(beta * (log * Vector(repeating: 1.442_695_04)))
  let shifted = (u + t) + magic
  let whole = shifted - magic
  return powerOfTwo(shifted: shifted, fraction: (u - whole) + t)
}

/// x^−¾ for normal x > 0, relative error below 4 ulp.
///
/// A first guess y on the bits is 4 % off at most, so that r = x³·y⁴ lies between 0.779 and 1.084; then
/// x^−¾ = y·r^−¼, where a polynomial of degree 5 in r − 0.931 (minimax) is 4.4e-8 off at most.
///
/// - Parameter x: several vectors, which go through every operation in step: each operation waits for
///   the one before, and one vector's chain of fifteen leaves the units idle most of the time.
@inline(__always)
func inverseThreeQuarterPower<let count: Int>(
  _ x: InlineArray<count, Vector>
) -> InlineArray<count, Vector> {
  var guess: InlineArray<count, Vector> = vectors()
  var rest: InlineArray<count, Vector> = vectors()
  var sum: InlineArray<count, Vector> = vectors()
  for i in 0..<count {
    let bits = unsafeBitCast(x[i], to: Bits.self)
    guess[i] = unsafeBitCast(
      Bits(repeating: 0x6f10_b000) &- (bits &- (bits &>> 2)), to: Vector.self)
  }
  // x·y² is about x^−½: no product leaves the range of x.
  for i in 0..<count { rest[i] = x[i] * guess[i] }
  for i in 0..<count { rest[i] *= guess[i] }
  for i in 0..<count { rest[i] *= rest[i] }
  let middle = Vector(repeating: -0.931_288_3)
  for i in 0..<count { rest[i] = multiplyAdd(middle, rest[i], x[i]) }
  let highest = Vector(repeating: -0.122_302_346)
  let fourth = Vector(repeating: 0.132_784_8)
  for i in 0..<count { sum[i] = multiplyAdd(fourth, highest, rest[i]) }
  let third = Vector(repeating: -0.147_632_584)
  for i in 0..<count { sum[i] = multiplyAdd(third, sum[i], rest[i]) }
  let second = Vector(repeating: 0.183_357_76)
  for i in 0..<count { sum[i] = multiplyAdd(second, sum[i], rest[i]) }
  let first = Vector(repeating: -0.273_265_72)
  for i in 0..<count { sum[i] = multiplyAdd(first, sum[i], rest[i]) }
  let constant = Vector(repeating: 1.017_955_9)
  for i in 0..<count { sum[i] = multiplyAdd(constant, sum[i], rest[i]) }
  for i in 0..<count { guess[i] *= sum[i] }
  return guess
}
