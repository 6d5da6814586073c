/// A row of a file; what a property means stands at its column. A blank row is what fields are read
/// into: it holds what a file that lacks a column leaves there.
package protocol FileRow: Hashable, Sendable {
  init()
}

/// A row of a file that every run has at most one of.
package protocol RunFileRow: FileRow {
  static var schema: Schema<Self> { get }
}

/// The columns of one file.
package struct Schema<Row: FileRow>: Sendable {
  /// Name in the run's folder.
  package let fileName: String
  package private(set) var columns: [Column<Row>]
  /// Columns that all files of runs begin with, the version included.
  private let keyCount: Int
  /// Whether people write the file: a column that is missing or unknown is a mistake then.
  let isHandwritten: Bool

  /// A file whose rows have a workload's key.
  /// - Parameter blanks: key columns that say nothing in this file.
  init(
    fileName: String, key: WritableKeyPath<Row, WorkloadKey> & Sendable,
    without blanks: Set<String> = [], @ColumnList<Row> _ columns: () -> [Column<Row>]
  ) {
    let keys = WorkloadKey.columns.map {
      blanks.contains($0.name) ? .alwaysEmpty($0.name) : $0.lifted(key)
    }
    self.init(fileName: fileName, keys: keys, columns())
  }

  /// A file whose rows have some of the key columns; the others are empty.
  init(
    fileName: String, @ColumnList<Row> keys: () -> [Column<Row>],
    @ColumnList<Row> columns: () -> [Column<Row>]
  ) {
    let own = keys()
    let keys = WorkloadKey.columns.map { key in
      own.first { $0.name == key.name } ?? .alwaysEmpty(key.name)
    }
    self.init(fileName: fileName, keys: keys, columns())
  }

  /// A file with columns of its own only.
  init(
    fileName: String, isHandwritten: Bool = false,
    @ColumnList<Row> _ columns: () -> [Column<Row>]
  ) {
    self.init(fileName: fileName, keys: [], isHandwritten: isHandwritten, columns())
  }

  private init(
    fileName: String, keys: [Column<Row>], isHandwritten: Bool = false, _ columns: [Column<Row>]
  ) {
    var version = Column<Row>(schemaVersionName) { _ in String(schemaVersion) }
    version.type = .integer
    version.mayBeEmpty = false
    version.isRequired = true
    version.meaning = String(schemaVersion)
    self.fileName = fileName
    self.columns = [version] + keys + columns
    self.isHandwritten = isHandwritten
    keyCount = keys.isEmpty ? 0 : keys.count + 1
  }

  /// Columns besides the key.
  package var ownColumns: [Column<Row>] { Array(columns.dropFirst(keyCount)) }

  /// The column of a name, which must be one of this file.
  package subscript(name: String) -> Column<Row> {
    guard let column = columns.first(where: { $0.name == name }) else {
      preconditionFailure("\(fileName) has no column \(name)")
    }
    return column
  }

  /// The file without some of its own columns.
  package func without(_ names: [String]) -> Schema {
    var copy = self
    copy.columns.removeAll { names.contains($0.name) }
    return copy
  }

  /// Header line with its line feed.
  package var headerLine: String { CSVText.line(columns.map(\.name)) }

  /// One row as a line with its line feed.
  package func line(_ row: Row) -> String { CSVText.line(columns.map { $0.text(row) }) }

  /// A whole file.
  package func text(_ rows: [Row]) -> String {
    rows.reduce(into: headerLine) { $0 += line($1) }
  }

  /// Columns as a table for `results/README.md`.
  package static func documentation(of columns: [Column<Row>]) -> String {
    columns.reduce(into: "| column | type | meaning |\n|---|---|---|\n") { text, column in
      let type = column.type.rawValue + (column.isNumber && column.mayBeEmpty ? "?" : "")
      let unit = column.unit.isEmpty ? "" : ", " + column.unit
      text += "| `\(column.name)` | \(type)\(unit) | \(column.meaning) |\n"
    }
  }
}

/// Version of the files' columns; a reader refuses any other.
package let schemaVersion = 1

/// The column that every file has.
let schemaVersionName = "schema_version"

/// RFC 4180, with LF line ends.
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
