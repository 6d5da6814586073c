import CSupport

/// Waiting until no other thread of this process, and no process of a worker, uses a CPU.
///
/// The threads of a library spin on after a call and would always harm the backend that is
/// measured next.
package enum Quiescence {
  /// The processor time of the foreign threads is compared over this long.
  static let windowNanoseconds: Int64 = 200_000
  /// Longest wait.
  package static let capNanoseconds: Int64 = 60_000_000

  /// How far the foreign threads had come at the end of a block.
  struct Mark {
    fileprivate let nanoseconds: Int64
    fileprivate let foreign: Int64

    init() {
      nanoseconds = alex_monotonic_ns()
      foreign = Quiescence.foreign([])
    }
  }

  /// Longest time since a mark that tells of now: in a longer one, something else may have run.
  private static let markNanoseconds: Int64 = 5_000_000
  /// Shortest one in which a thread that spins on is seen.
  private static let shortNanoseconds: Int64 = 20_000

  /// Whether no foreign thread has run since the last block, so that there is nothing to wait for.
  /// Between blocks the results of one are written, which is long enough to see.
  static func isQuiet(since mark: Mark) -> Bool {
    let elapsed = alex_monotonic_ns() - mark.nanoseconds
    return elapsed >= shortNanoseconds && elapsed <= markNanoseconds
      && (foreign([]) - mark.foreign) * 20 < elapsed
  }

  /// - Parameter processes: other processes that must be quiet too.
  /// - Returns: false when foreign threads were still running at the cap.
  package static func wait(
    processes: [Int32] = [], capNanoseconds: Int64 = Quiescence.capNanoseconds
  ) -> Bool {
    let start = alex_monotonic_ns()
    while true {
      let windowStart = alex_monotonic_ns()
      let before = foreign(processes)
      var now = windowStart
      while now - windowStart < windowNanoseconds {
        alex_pause()
        now = alex_monotonic_ns()
      }
      let used = foreign(processes) - before
      // The two clocks are not read at the same instant, hence not exactly 0.
      if used * 20 < now - windowStart { return true }
      if now - start > capNanoseconds { return false }
    }
  }

  /// Processor time that is not the calling thread's. A process that is gone counts as idle.
  private static func foreign(_ processes: [Int32]) -> Int64 {
    alex_other_threads_cpu_ns()
      + processes.reduce(0) { $0 + max(alex_other_process_cpu_ns($1), 0) }
  }
}
