import Results
import Statistics

/// Divides the time of a run among its groups.
struct TimeBudget {
  /// Of the whole run.
  let nanoseconds: Int
  /// What each group that is still to come needs at least, in seconds.
  private var needs: [LaunchedGroup: Double]

  init(nanoseconds: Int, needs: [LaunchedGroup: Double]) {
    self.nanoseconds = nanoseconds
    self.needs = needs
  }

  /// The share of groups that are measured together and begin now; what those before them left over
  /// is in it.
  /// - Parameter elapsed: since the start of the run.
  /// - Returns: nanoseconds, at least 0.
  mutating func take(_ groups: [LaunchedGroup], elapsed: Int) -> Int {
    let all = needs.values.reduce(0, +)
    let own = groups.reduce(0) { $0 + (needs.removeValue(forKey: $1) ?? 0) }
    guard all > 0 else { return 0 }
    return Int(nearestTo: Double(max(nanoseconds - elapsed, 0)) * own / all)
  }
}

/// A time as the command line takes it: `90`, `90s`, `5m`, `1.5h`.
package enum DurationOption {
  private static let longestSeconds = 1e6

  /// Whether so many nanoseconds are no more than the command line takes.
  static func isPossible(nanoseconds: Int) -> Bool {
    (0...Int(longestSeconds * 1e9)).contains(nanoseconds)
  }

  /// - Returns: nanoseconds.
  /// - Throws: anything else, and less than a second.
  package static func parse(_ text: String) throws(MeasuringError) -> Int {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    let unit = text.last.flatMap { units[$0] }
    let number = Double(unit == nil ? text : String(text.dropLast()))
    guard let number, number * (unit ?? 1) >= 1, number * (unit ?? 1) <= longestSeconds else {
      throw .usage("'\(text)' is not a time of 1 s to 1000000 s, as in 60s, 5m or 1h")
    }
    return Int(number * (unit ?? 1) * 1e9)
  }
}
