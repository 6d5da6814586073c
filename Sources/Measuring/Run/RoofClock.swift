import CSupport

/// Says when the roofs of a run are probed: before the first round of each number of threads, and then
/// every few seconds. They drift with the machine, but a probe in every round would take the time of
/// many blocks.
package final class RoofClock {
  /// Between two probes.
  package static let intervalNanoseconds = 10_000_000_000

  private var probed: [Int: Int] = [:]
  private let clock: () -> Int

  /// - Parameter clock: monotonic nanoseconds.
  package init(clock: @escaping () -> Int = { Int(alex_monotonic_ns()) }) { self.clock = clock }

  /// Whether it is time for the next probe with so many threads, which is taken as made.
  package func isDue(_ threads: Int) -> Bool {
    let now = clock()
    if let last = probed[threads], now - last < Self.intervalNanoseconds { return false }
    probed[threads] = now
    return true
  }
}
