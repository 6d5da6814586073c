/// The first field in which the text of a file differs from what is expected.
package struct TextDifference: Hashable, Sendable {
  /// Line in the file, from 1.
  package var line: Int
  /// Empty when the whole line is meant.
  package var column = ""
  /// Nil = the text ends before.
  package var found: String?
  package var expected: String?

  /// - Parameter expected: with a header that names the columns.
  /// - Returns: nil when both are equal.
  package init?(_ text: String, from expected: String) {
    guard !text.utf8.elementsEqual(expected.utf8) else { return nil }
    let found = Self.lines(text)
    let wanted = Self.lines(expected)
    let index = zip(found, wanted).prefix { $0 == $1 }.count
    line = index + 1
    self.found = index < found.count ? found[index] : nil
    self.expected = index < wanted.count ? wanted[index] : nil
    guard let foundLine = self.found, let wantedLine = self.expected else { return }
    let columns = CSVText.fields(wanted[0])
    let fields = (CSVText.fields(foundLine), CSVText.fields(wantedLine))
    let place = zip(fields.0, fields.1).prefix { $0 == $1 }.count
    // Rows that hold line ends, and differences of quotes only, are told as whole lines.
    guard fields.0.count == columns.count, fields.1.count == columns.count, place < columns.count
    else { return }
    column = columns[place]
    self.found = fields.0[place]
    self.expected = fields.1[place]
  }

  /// By the byte, so that a carriage return belongs to its line.
  private static func lines(_ text: String) -> [String] {
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}
