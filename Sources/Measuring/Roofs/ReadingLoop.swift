import CSupport
import Kernels

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

  /// The loop with the highest rate, and that rate. All have their turn once per round, so that a
  /// change of the host's state meets them alike, and the best turn of each counts.
  /// - Parameters:
  ///   - budgetNanoseconds: no round but the first begins later than this.
  ///   - clock: nanoseconds.
  ///   - rate: of one turn.
  package static func fastest(
    of loops: [ReadingLoop], rounds: Int, budgetNanoseconds: Int64,
    clock: () -> Int64 = alex_monotonic_ns, rate: (ReadingLoop) -> Double
  ) -> (loop: ReadingLoop, rate: Double)? {
    let start = clock()
    var best: (loop: ReadingLoop, rate: Double)?
    for round in 0..<rounds where round == 0 || clock() - start < budgetNanoseconds {
      for loop in loops {
        let rate = rate(loop)
        if best.map({ rate > $0.rate }) ?? true { best = (loop, rate) }
      }
    }
    return best
  }
}
