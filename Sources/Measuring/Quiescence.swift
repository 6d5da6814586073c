import CSupport

/// Waiting until no other thread of this process uses a CPU.
///
/// The workers of a library spin on after a call and would always harm the backend that is
/// measured next.
public enum Quiescence {
  /// The processor time of the foreign threads is compared over this long.
  static let windowNanoseconds: Int64 = 200_000
  /// Longest wait.
  public static let capNanoseconds: Int64 = 60_000_000

  /// - Returns: false when foreign threads were still running at the cap.
  public static func wait(capNanoseconds: Int64 = Quiescence.capNanoseconds) -> Bool {
    let start = alex_monotonic_ns()
    while true {
      let windowStart = alex_monotonic_ns()
      let foreign = alex_process_cpu_ns() - alex_thread_cpu_ns()
      var now = windowStart
      while now - windowStart < windowNanoseconds {
        alex_pause()
        now = alex_monotonic_ns()
      }
      let used = alex_process_cpu_ns() - alex_thread_cpu_ns() - foreign
      // The two clocks are not read at the same instant, hence not exactly 0.
      if used * 20 < now - windowStart { return true }
      if now - start > capNanoseconds { return false }
    }
  }
}
