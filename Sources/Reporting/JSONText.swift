import Foundation
import Results

/// JSON with the very numbers of the CSV files: nothing is parsed and printed again.
enum JSONText {
  static func string(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    // A string is always encodable.
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  /// One member per line.
  static func object(_ members: [(String, String)]) -> String {
    "{\n" + members.map { "\(string($0.0)): \($0.1)" }.joined(separator: ",\n") + "\n}"
  }

  /// One element per line.
  static func array(_ elements: [String]) -> String {
    elements.isEmpty ? "[]" : "[\n" + elements.joined(separator: ",\n") + "\n]"
  }

  /// Rows of a file as objects, one per line. Absent numbers are null; `nan` and `inf`, which JSON
  /// lacks, are strings.
  static func rows<Row>(_ rows: [Row], _ schema: Schema<Row>) -> String {
    array(
      rows.map { row in
        let members = schema.columns.map { column -> String in
          let text = column.text(row)
          let value =
            switch true {
            case !column.isNumber: string(text)
            case text.isEmpty: "null"
            case Double(text)?.isFinite == true: text
            default: string(text)
            }
          return "\(string(column.name)): \(value)"
        }
        return "{" + members.joined(separator: ", ") + "}"
      })
  }
}
