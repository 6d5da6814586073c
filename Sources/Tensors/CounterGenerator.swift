/// A counter-based random generator: value `index` of stream `stream` under `seed`, computed
/// directly, in any order, in any process.
///
/// A child process can make the weights of one layer without drawing those of the layers before.
/// Only integer arithmetic and one exact scaling are used, so every machine gets the same bits.
/// Source: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, section 3) applied to a
/// Weyl sequence.
public struct CounterGenerator: Sendable {
  private let key: UInt64

  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - stream: what is drawn, for example `conv1.weight`.
  public init(seed: UInt64, stream: String) {
    // FNV-1a over the name, then mixed with the seed.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    key = Self.mix(hash ^ Self.mix(seed &+ 0x9e37_79b9_7f4a_7c15))
  }

  @inline(__always)
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// 64 random bits.
  @inline(__always)
  public func bits(_ index: Int) -> UInt64 {
    Self.mix(key &+ UInt64(truncatingIfNeeded: index) &* 0x9e37_79b9_7f4a_7c15)
  }

  /// A float in (−1, 1), never 0 and never denormal: an odd multiple of 2⁻²⁴.
  @inline(__always)
  public func symmetricUnit(_ index: Int) -> Float {
    let odd = Int32(truncatingIfNeeded: bits(index) >> 40) &* 2 &+ 1  // 1 ... 2²⁵ − 1
    return Float(odd &- (1 << 24)) * 0x1p-24
  }

  /// Fills with uniform values in (−`amplitude`, `amplitude`).
  public func fill(_ values: UnsafeMutableBufferPointer<Float>, amplitude: Float) {
    for index in values.indices { values[index] = symmetricUnit(index) * amplitude }
  }

  /// Fills with integers in −`limit` ... `limit`, for checks in which float32 must be exact.
  public func fillIntegers(_ values: UnsafeMutableBufferPointer<Float>, limit: Int) {
    let span = UInt64(2 * limit + 1)
    for index in values.indices {
      values[index] = Float(Int(bits(index) >> 11) % Int(span) - limit)
    }
  }
}
