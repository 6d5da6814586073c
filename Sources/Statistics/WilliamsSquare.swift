/// Orders of treatments in which position and carry-over are balanced: every treatment stands
/// equally often at each place, and follows every other equally often.
///
/// Source: Williams, Australian Journal of Scientific Research A 2 (1949), 149–168.
package enum WilliamsSquare {
  /// Rows of treatments 0 ..< `treatments`: as many rows as treatments when that is even, twice
  /// as many when it is odd.
  package static func rows(treatments count: Int) -> [[Int]] {
    precondition(count >= 1)
    if count == 1 { return [[0]] }
    // 0, 1, n−1, 2, n−2, …: the steps between neighbours are all different modulo n.
    let first = (0..<count).map { place in
      place.isMultiple(of: 2) ? (count - place / 2) % count : (place + 1) / 2
    }
    let square = (0..<count).map { shift in first.map { ($0 + shift) % count } }
    // With an odd count the steps are balanced only together with the mirrored square.
    return count.isMultiple(of: 2) ? square : square + square.map { $0.reversed() }
  }

  /// At least `minimumRounds` rounds in whole squares, each with its rows shuffled.
  /// - Parameter seed: the same seed gives the same order on every machine.
  package static func schedule(treatments: Int, minimumRounds: Int, seed: UInt64) -> [[Int]] {
    var generator = SplitMix64(seed: seed)
    let square = rows(treatments: treatments)
    var rounds: [[Int]] = []
    repeat { rounds += generator.shuffled(square) } while rounds.count < minimumRounds
    return rounds
  }
}

/// A small generator whose numbers do not depend on the standard library's version.
///
/// Source: Steele, Lea, Flood, OOPSLA 2014, figure 16.
package struct SplitMix64: Sendable {
  private var state: UInt64
  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Uniform in 0 ..< `bound`; the high word of a product (bias below bound ∕ 2⁶⁴).
  package mutating func next(below bound: Int) -> Int {
    precondition(bound > 0)
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// Fisher–Yates.
  package mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var elements = elements
    for index in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(index, next(below: index + 1))
    }
    return elements
  }
}
