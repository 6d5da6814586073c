/// The columns of one file, and an empty row to read into.
package struct Schema<Row: Sendable>: Sendable {
  /// Version of all files' columns, the first column of each.
  package static var version: Int { schemaVersion }

  /// Name in the run's folder.
  package let fileName: String
  package let columns: [Column<Row>]
  /// What a row holds before its fields are read.
  let blank: Row

  init(fileName: String, blank: Row, columns: [Column<Row>]) {
    self.fileName = fileName
    self.blank = blank
    var version = Column<Row>("schema_version") { _ in String(schemaVersion) }
    version.isNumber = true
    self.columns = [version] + columns
  }

  /// Header line with its line feed.
  package var headerLine: String { CSVText.line(columns.map(\.name)) }

  /// One row as a line with its line feed.
  package func line(_ row: Row) -> String { CSVText.line(columns.map { $0.text(row) }) }

  /// A whole file.
  package func text(_ rows: [Row]) -> String {
    rows.reduce(into: headerLine) { $0 += line($1) }
  }
}

/// Version of the files' columns; a reader refuses any other.
package let schemaVersion = 1

/// Writing of RFC 4180 text, with LF line ends.
enum CSVText {
  static func line(_ fields: [String]) -> String {
    fields.map(quoted).joined(separator: ",") + "\n"
  }

  /// Quotes where a comma, quote, line end or outer blank would change the field.
  static func quoted(_ field: String) -> String {
    let needsQuotes =
      field.unicodeScalars.contains {
        "\",\r\n\u{b}\u{c}\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0)
      }
      || field.first?.isWhitespace == true || field.last?.isWhitespace == true
    guard needsQuotes else { return field }
    return "\""
      + field.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }
}
