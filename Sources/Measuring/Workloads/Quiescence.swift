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
    alex_process_cpu_ns() - alex_thread_cpu_ns()
      + processes.reduce(0) { $0 + max(alex_other_process_cpu_ns($1), 0) }
  }
}
