import Results
import Statistics
import Tensors

/// Who is measured when: those of similar speed take turns in Williams squares, slow ones come
/// after, on their own.
package struct Schedule: Sendable, Equatable {
  /// A contender whose block takes this many times as long as the shortest stays out of the square.
  package static let slowRatio = 20
  /// As does one whose call takes longer than this, for layers alone and for nets.
  static func slowNanoseconds(_ pass: Pass) -> Int {
    pass == .isolated ? longNanoseconds : 2_000_000_000
  }
  /// A call that needs no priming.
  static let longNanoseconds = 200_000_000

  /// Indices of the contenders in the order of each round.
  package var rounds: [[Int]]
  /// Indices of the contenders outside.
  package var outside: [Int]
  /// - Parameters:
  ///   - nanoseconds: of one call of each contender.
  ///   - isSingle: contenders that stay outside whatever their speed.
  ///   - seed: of the order.
  package init(
    nanoseconds: [Int], isSingle: [Bool], pass: Pass, minimumRounds: Int, seed: UInt64
  ) {
    let blocks = nanoseconds.map { max($0, Self.blockNanoseconds) }
    let shortest = blocks.indices.filter { !isSingle[$0] }.map { blocks[$0] }.min() ?? 0
    let limit = Self.slowNanoseconds(pass)
    let isInside = nanoseconds.indices.map { index in
      !isSingle[index] && nanoseconds[index] <= limit
        && blocks[index] <= Self.slowRatio * shortest
    }
    self.init(
      inside: nanoseconds.indices.filter { isInside[$0] },
      outside: nanoseconds.indices.filter { !isInside[$0] }, minimumRounds: minimumRounds,
      seed: seed)
  }

  /// The schedule of contenders that are divided already.
  init(inside: [Int], outside: [Int], minimumRounds: Int, seed: UInt64) {
    self.outside = outside
    rounds =
      inside.isEmpty
      ? []
      : WilliamsSquare.schedule(
        treatments: inside.count, minimumRounds: minimumRounds, seed: seed
      ).map { $0.map { inside[$0] } }
  }

  /// Those who take turns.
  package var inside: [Int] { rounds.first?.sorted() ?? [] }

  /// What a block lasts at least: 5 ms, and 10⁴ readings of the clock.
  static var blockNanoseconds: Int { max(5_000_000, 10_000 * ClockReadCost.nanoseconds) }

  /// Calls of this length that a block needs. Each contender has its own number: blocks of about the
  /// same length share what the machine does to them, and none takes the time of the others.
  package static func iterations(nanoseconds: Int) -> Int {
    max(1, (blockNanoseconds + nanoseconds - 1) / max(nanoseconds, 1))
  }

  /// The seed of one workload's order.
  package static func seed(
    run seed: UInt64, network: String, layer: String, batch: Int, threads: Int, launch: Int
  ) -> UInt64 {
    CounterGenerator(seed: seed, stream: "schedule.\(network).\(layer).\(batch).\(threads)")
      .bits(launch)
  }
}
