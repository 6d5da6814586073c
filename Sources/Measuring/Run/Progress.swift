import CSupport
import Files
import Statistics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How far a run is, on standard error: one line that is written over on a terminal, otherwise a
/// line now and then.
package final class Progress {
  private let isTerminal: Bool
  private let write: (String) -> Void
  private let clock: () -> Int
  private let start: Int
  private var lastShown: Int
  private var total = 0.0
  private var done = 0.0
  private var hasLine = false
  /// Of the whole run, where it is given a time to fill.
  private var budget: Double?

  /// Seconds between lines.
  private var interval: Double { isTerminal ? 0.1 : 10 }

  /// - Parameters:
  ///   - clock: monotonic nanoseconds.
  ///   - write: takes text as it is; standard error when absent.
  package init(
    isTerminal: Bool = isatty(2) == 1, clock: @escaping () -> Int = { Int(alex_monotonic_ns()) },
    write: ((String) -> Void)? = nil
  ) {
    self.isTerminal = isTerminal
    self.clock = clock
    self.write = write ?? StandardError.write
    start = clock()
    lastShown = start
  }

  /// Tells how much there is to do, in any unit.
  package func expect(_ work: Double) { total = work }

  /// Tells that the work fills a time that is given, in nanoseconds, rather than taking what it needs.
  package func fill(_ nanoseconds: Int) { budget = Double(nanoseconds) }

  /// Some of it is done.
  package func advance(_ work: Double) { done += work }

  /// Shows what is being done, if the last time was long enough ago.
  package func show(_ what: @autoclosure () -> String) {
    let now = clock()
    guard Double(now - lastShown) >= interval * 1e9 else { return }
    lastShown = now
    let share = budget.map { Double(now - start) / $0 } ?? (total > 0 ? done / total : 0)
    let percent = Int(min(share, 1) * 100)
    let line = "\(percent) %  \(what())\(remaining(now))"
    if isTerminal {
      write("\r\u{1b}[K" + line)
      hasLine = true
    } else {
      write(line + "\n")
    }
  }

  private func remaining(_ now: Int) -> String {
    let elapsed = Double(now - start) / 1e9
    let rest: Double
    if let budget {
      rest = budget / 1e9 - elapsed
    } else {
      guard done > 0, elapsed > 1 else { return "" }
      rest = elapsed * (total - done) / done
    }
    guard rest > 0 else { return "" }
    let seconds = Int(nearestTo: rest.rounded(.up))
    let minutes = seconds / 60
    return minutes > 0 ? ", \(minutes) min \(seconds % 60) s left" : ", \(seconds) s left"
  }

  /// A sentence that stays.
  package func note(_ sentence: String) {
    clear()
    write(sentence + "\n")
  }

  /// Removes the line of a terminal.
  package func clear() {
    if hasLine { write("\r\u{1b}[K") }
    hasLine = false
  }
}
