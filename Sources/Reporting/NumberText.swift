import Foundation

/// Numbers for people: as many digits as tell something. Files keep all digits.
enum NumberText {
  /// Milliseconds of a time in nanoseconds: four digits, at most four after the point.
  static func milliseconds(_ nanoseconds: Double) -> String {
    let value = nanoseconds / 1e6
    switch value {
    case 99.995...: return fixed(value, 1)
    case 9.9995...: return fixed(value, 2)
    case 0.99995...: return fixed(value, 3)
    default: return fixed(value, 4)
    }
  }

  /// One digit after the point, so that a column is easy to read down.
  static func gigaflops(_ value: Double) -> String {
    value > 0 && value < 0.05 ? "<0.1" : fixed(value, 1)
  }

  /// The same for shares of a roof.
  static func percent(_ value: Double) -> String { gigaflops(value) }

  /// Percent more or less, with its sign.
  static func difference(_ value: Double) -> String {
    let text = fixed(abs(value), 1)
    return text == "0.0" ? "±0.0" : (value < 0 ? "−" : "+") + text
  }

  /// Rates: three digits, at most two after the point.
  static func rate(_ value: Double) -> String {
    switch value {
    case 99.95...: return fixed(value, 0)
    case 9.995...: return fixed(value, 1)
    default: return fixed(value, 2)
    }
  }

  /// Errors: `1.2e-07`.
  static func error(_ value: Double) -> String {
    value == 0 ? "0" : String(format: "%.1e", value)
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
