/// A field of a file that is not what it should be.
package struct TextDifference: Hashable, Sendable {
  /// Line in the file, from 1.
  package var line: Int
  /// Empty when the whole line is meant.
  package var column: String
  /// Nil = the text ends before.
  package var found: String?
  package var expected: String?
}

extension Schema {
  /// The first field in which the text of this file differs from another; nil when both are equal.
  package func difference(_ text: String, from expected: String) -> TextDifference? {
    guard !text.utf8.elementsEqual(expected.utf8) else { return nil }
    let found = lines(text)
    let wanted = lines(expected)
    let index = zip(found, wanted).prefix { $0 == $1 }.count
    guard index < found.count, index < wanted.count else {
      return TextDifference(
        line: index + 1, column: "", found: index < found.count ? found[index] : nil,
        expected: index < wanted.count ? wanted[index] : nil)
    }
    let fields = (CSVText.fields(found[index]), CSVText.fields(wanted[index]))
    let place = zip(fields.0, fields.1).prefix { $0 == $1 }.count
    // Rows that hold line ends, and differences of quotes only, are told as whole lines.
    guard fields.0.count == columns.count, fields.1.count == columns.count, place < columns.count
    else {
      return TextDifference(
        line: index + 1, column: "", found: found[index], expected: wanted[index])
    }
    return TextDifference(
      line: index + 1, column: columns[place].name, found: fields.0[place],
      expected: fields.1[place])
  }

  /// By the byte, so that a carriage return belongs to its line.
  private func lines(_ text: String) -> [String] {
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}

extension CSVText {
  /// The fields of a line without line ends in it, quotes removed.
  static func fields(_ line: String) -> [String] {
    var fields = [""]
    var isQuoted = false
    var afterQuote = false
    for character in line.unicodeScalars {
      switch character {
      case "\"" where isQuoted:
        isQuoted = false
        afterQuote = true
      case "\"":
        // A quote right after a closing one is a doubled one.
        if afterQuote { fields[fields.count - 1] += "\"" }
        isQuoted = true
        afterQuote = false
      case "," where !isQuoted:
        fields.append("")
        afterQuote = false
      default:
        fields[fields.count - 1].unicodeScalars.append(character)
        afterQuote = false
      }
    }
    return fields
  }
}
