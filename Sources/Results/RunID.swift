import Foundation

/// Names of runs.
package enum RunID {
  /// UTC timestamp and a short suffix, so that names sort by time: `20260131T235959Z-k3f9x2`.
  package static func make(
    at date: Date = Date(), using generator: inout some RandomNumberGenerator
  ) -> String {
    var utc = Calendar(identifier: .gregorian)
    utc.timeZone = TimeZone(secondsFromGMT: 0)!
    let parts = utc.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    func padded(_ value: Int?, _ width: Int) -> String {
      let digits = String(value ?? 0)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let day = padded(parts.year, 4) + padded(parts.month, 2) + padded(parts.day, 2)
    let time = padded(parts.hour, 2) + padded(parts.minute, 2) + padded(parts.second, 2)
    // No vowels, no 0/1: no words, nothing to mix up.
    let alphabet = Array("23456789bcdfghjkmnpqrstvwxz")
    let suffix = (0..<6).map { _ in alphabet.randomElement(using: &generator)! }
    return "\(day)T\(time)Z-" + String(suffix)
  }
}
