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

  /// A share of a roof, with the digits of ``gigaflops(_:)``.
  static func percent(_ value: Double) -> String { gigaflops(value) }

  /// Percent more or less, with its sign.
  static func difference(_ value: Double) -> String {
    let text = fixed(abs(value), 1)
    return text == "0.0" ? "±0.0" : (value < 0 ? "−" : "+") + text
  }

  /// Ratios near 1.
  static func ratio(_ value: Double) -> String { fixed(value, 4) }

  /// Rates: three digits, at most two after the point.
  static func rate(_ value: Double) -> String {
    switch value {
    case 99.95...: return fixed(value, 0)
    case 9.995...: return fixed(value, 1)
    default: return fixed(value, 2)
    }
  }

  /// Counts: three digits or so, with a letter for thousands, millions and billions.
  static func count(_ value: Double) -> String {
    switch abs(value) {
    case 999.5e6...: return "\(rate(value / 1e9))G"
    case 999.5e3...: return "\(rate(value / 1e6))M"
    case 10e3...: return "\(rate(value / 1e3))k"
    default: return value == value.rounded() ? fixed(value, 0) : rate(value)
    }
  }

  /// A count of an event, or a time where the event is one.
  static func event(_ name: String, _ value: Double) -> String {
    ["-time", "-clock", "-wait"].contains(where: name.hasSuffix)
      ? "\(milliseconds(value)) ms" : count(value)
  }

  /// Errors: `1.2e-07`.
  static func error(_ value: Double) -> String {
    value == 0 ? "0" : String(format: "%.1e", value)
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}

/// `1 layer`, `3 layers`.
func count(_ number: Int, _ noun: String) -> String {
  "\(number) \(noun)\(number == 1 ? "" : "s")"
}

/// Text from files as Markdown shows it literally: one line, no tags.
func markdownText(_ text: String) -> String {
  var result = ""
  for character in withoutFixedBlanks(text) {
    switch character {
    case "<": result += "&lt;"
    case _ where character.isNewline: result += " "
    default: result.append(character)
    }
  }
  return result
}

/// ``markdownText(_:)`` for a cell of a table.
func markdownCell(_ text: String) -> String { markdownText(text).replacing("|", with: "\\|") }
