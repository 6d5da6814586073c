import Results
import Statistics
import Tensors

/// Who is measured when: those of similar speed take turns in Williams squares, slow ones come
/// after, on their own.
package struct Schedule: Sendable, Equatable {
  /// A contender with a call this many times slower than the fastest stays out of the square.
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
  /// Calls per block of those in the square, the same for all.
  package var iterations: Int

  /// - Parameters:
  ///   - nanoseconds: of one call of each contender.
  ///   - isSingle: contenders that stay outside whatever their speed.
  ///   - seed: of the order.
  package init(
    nanoseconds: [Int], isSingle: [Bool], pass: Pass, minimumRounds: Int, seed: UInt64
  ) {
    let fastest = nanoseconds.indices.filter { !isSingle[$0] }.map { nanoseconds[$0] }.min() ?? 0
    let limit = Self.slowNanoseconds(pass)
    let isInside = nanoseconds.indices.map { index in
      !isSingle[index] && nanoseconds[index] <= limit
        && nanoseconds[index] <= Self.slowRatio * max(fastest, 1)
    }
    let inside = nanoseconds.indices.filter { isInside[$0] }
    self.init(
      inside: inside, outside: nanoseconds.indices.filter { !isInside[$0] },
      iterations: Self.iterations(nanoseconds: inside.map { nanoseconds[$0] }.min() ?? limit),
      minimumRounds: minimumRounds, seed: seed)
  }

  /// The schedule of contenders that are divided already.
  init(inside: [Int], outside: [Int], iterations: Int, minimumRounds: Int, seed: UInt64) {
    self.outside = outside
    self.iterations = iterations
    rounds =
      inside.isEmpty
      ? []
      : WilliamsSquare.schedule(
        treatments: inside.count, minimumRounds: minimumRounds, seed: seed
      ).map { $0.map { inside[$0] } }
  }

  /// Those who take turns.
  package var inside: [Int] { rounds.first?.sorted() ?? [] }

  /// Calls of this length that a block needs: 5 ms, and 10⁴ readings of the clock.
  package static func iterations(nanoseconds: Int) -> Int {
    let block = max(5_000_000, 10_000 * ClockReadCost.nanoseconds)
    return max(1, (block + nanoseconds - 1) / max(nanoseconds, 1))
  }

  /// The seed of one workload's order.
  package static func seed(
    run seed: UInt64, network: String, layer: String, batch: Int, threads: Int, launch: Int
  ) -> UInt64 {
    CounterGenerator(seed: seed, stream: "schedule.\(network).\(layer).\(batch).\(threads)")
      .bits(launch)
  }
}
