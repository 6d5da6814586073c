import CSupport
import Kernels
import Statistics

/// One way to read memory: with which vectors, how many parts side by side, how far ahead lines are
/// asked for. Which is the fastest differs between processors, between levels of memory, and with the
/// number of threads.
package struct ReadingLoop: Hashable, Sendable {
  package var isa: InstructionSet
  /// Parts that are read side by side.
  package var streams: Int
  /// From what is read to what is asked for; 0 where nothing is.
  package var prefetchBytes: Int

  package init(isa: InstructionSet, streams: Int, prefetchBytes: Int) {
    self.isa = isa
    self.streams = streams
    self.prefetchBytes = prefetchBytes
  }

  package static let mostStreams = 8

  /// The simplest first.
  package static func all(_ sets: [InstructionSet]) -> [ReadingLoop] {
    sets.flatMap { isa in
      [1, 2, 4, mostStreams].flatMap { streams in
        [0, 512, 1024, 2048, 4096, 8192].map {
          ReadingLoop(isa: isa, streams: streams, prefetchBytes: $0)
        }
      }
    }
  }

  /// `4 streams; prefetch 2048 bytes ahead`: no commas, which a CSV file would have to quote.
  package var text: String {
    (streams == 1 ? "1 stream" : "\(streams) streams") + "; "
      + (prefetchBytes == 0 ? "no prefetch" : "prefetch \(prefetchBytes) bytes ahead")
  }

  /// The loops with the highest rates, the first one best. All have their turn once per round, so that
  /// a change of the host's state meets them alike, and the median of its turns counts.
  /// - Parameters:
  ///   - budgetNanoseconds: no round but the first begins later than this.
  ///   - clock: nanoseconds.
  ///   - rate: of one turn.
  package static func fastest(
    _ count: Int, of loops: [ReadingLoop], rounds: Int, budgetNanoseconds: Int64,
    clock: () -> Int64 = alex_monotonic_ns, rate: (ReadingLoop) -> Double
  ) -> [(loop: ReadingLoop, rate: Double)] {
    let start = clock()
    var rates = [[Double]](repeating: [], count: loops.count)
    for round in 0..<rounds where round == 0 || clock() - start < budgetNanoseconds {
      for (index, loop) in loops.enumerated() { rates[index].append(rate(loop)) }
    }
    let medians = zip(loops, rates).compactMap { loop, rates in
      OrderStatistics(rates).map { (loop: loop, rate: $0.median) }
    }
    // Of equals the simplest stays first.
    return Array(medians.sorted { $0.rate > $1.rate }.prefix(count))
  }
}
