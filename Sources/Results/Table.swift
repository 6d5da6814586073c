import Foundation
import SwiftCSV

/// A file that was read: its rows, and the columns it really has.
package struct Table<Row: FileRow>: Sendable {
  package let schema: Schema<Row>
  /// By place in the file; nil for one that this version does not know.
  private let columns: [Column<Row>?]
  /// Names by place in the file.
  private let header: [String]
  /// Lines on which the rows begin, from 1.
  package private(set) var lines: [Int] = []
  package private(set) var rows: [Row] = []
  /// Of each row, what stands in columns that this version does not know.
  private var unknownFields: [[String]] = []

  /// Columns that the file lacks.
  package var missing: [String] {
    let known = Set(header)
    return schema.columns.map(\.name).filter { !known.contains($0) }
  }

  /// Columns that this version does not know; their fields are left out of the rows.
  package var unknown: [String] { zip(header, columns).filter { $1 == nil }.map(\.0) }

  /// What a reader of the rows may want to know, one sentence each.
  package var notices: [String] {
    func sentence(_ names: [String], _ verb: String, _ rest: String) -> String? {
      guard !names.isEmpty else { return nil }
      let list = names.map { "'\($0)'" }.joined(separator: ", ")
      return "\(schema.fileName) \(verb) the column\(names.count == 1 ? "" : "s") \(list)\(rest)"
    }
    return [
      sentence(unknown, "has", ", which this version does not know and leaves out"),
      sentence(missing, "lacks", ""),
    ].compactMap(\.self)
  }

  /// A file with the columns of this one, in the same order. What stands in unknown columns is kept
  /// row by row.
  /// - Parameter left: names of columns to leave out.
  package func text(_ rows: [Row], without left: Set<String> = []) -> String {
    let places = columns.indices.filter { !left.contains(header[$0]) }
    var text = CSVText.line(places.map { header[$0] })
    for (index, row) in rows.enumerated() {
      var unknown = (unknownFields.indices.contains(index) ? unknownFields[index] : [])[...]
      let fields = columns.map { column in column?.text(row) ?? unknown.popFirst() ?? "" }
      text += CSVText.line(places.map { fields[$0] })
    }
    return text
  }

  // MARK: Reading

  /// Reads the text of a file.
  /// - Parameter file: name for errors.
  /// - Throws: the first thing that is wrong, with its line and column.
  init(_ schema: Schema<Row>, text: String, file: String) throws(ResultsError) {
    // SwiftCSV cuts the text into fields; line numbers, counts and types are looked at here,
    // since it fills up short rows and accepts a text that ends inside quotes.
    guard text.utf8.last == UInt8(ascii: "\n") else {
      let last = text.utf8.reduce(into: 1) { if $1 == UInt8(ascii: "\n") { $0 += 1 } }
      throw .corrupt(
        file: file, line: text.isEmpty ? 0 : last, column: "",
        reason: text.isEmpty
          ? "the file is empty"
          : "the last line is cut off; remove it if the run was interrupted")
    }
    var table: Table?
    var failure: ResultsError?
    var line = 1
    func take(_ fields: [String]) {
      guard failure == nil else { return }
      do throws(ResultsError) {
        if table == nil {
          table = try Table(schema, header: fields, file: file)
        } else {
          try table?.add(fields, file: file, line: line)
        }
      } catch {
        failure = error
      }
      line += 1 + fields.reduce(0) { $0 + $1.count { $0.isNewline } }
    }
    do {
      let csv = try CSV<NoView>(string: text, delimiter: .comma, loadColumns: false)
      try csv.enumerateAsArray(startAt: 0, rowLimit: nil, take)
    } catch {
      throw failure ?? .corrupt(file: file, line: line, column: "", reason: "quotes do not match")
    }
    if let failure { throw failure }
    guard let table else {
      throw .corrupt(file: file, line: 1, column: "", reason: "there is no header")
    }
    // A file of another version may lack columns for that reason: its rows would have said so.
    try table.checkRequired(file)
    self = table
  }

  private init(_ schema: Schema<Row>, header: [String], file: String) throws(ResultsError) {
    let known = Dictionary(schema.columns.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    var seen: Set<String> = []
    for name in header {
      guard !name.isEmpty, seen.insert(name).inserted else {
        throw .corrupt(
          file: file, line: 1, column: name,
          reason: name.isEmpty ? "a column has no name" : "stands twice in the header")
      }
      guard known[name] != nil || !schema.isHandwritten else {
        throw .corrupt(
          file: file, line: 1, column: name, reason: "is no column of \(schema.fileName)")
      }
    }
    guard seen.contains(schemaVersionName) else {
      throw .corrupt(file: file, line: 1, column: schemaVersionName, reason: "is missing")
    }
    self.schema = schema
    self.header = header
    columns = header.map { known[$0] }
    places = schema.columns.dropFirst().compactMap { column in
      header.firstIndex(of: column.name).map { (column, $0) }
    }
    let missing = schema.columns.filter { !seen.contains($0.name) }
    for column in missing { column.whenMissing?(&blank) }
    absentRequired = missing.first { $0.isRequired || schema.isHandwritten }?.name
  }

  /// What fields are read into.
  private var blank = Row()
  /// Where the fields of a row stand, in the schema's order: one field may be checked against
  /// another that was read before it.
  private let places: [(column: Column<Row>, place: Int)]
  private let absentRequired: String?

  private func checkRequired(_ file: String) throws(ResultsError) {
    guard let absentRequired else { return }
    throw .corrupt(
      file: file, line: 1, column: absentRequired,
      reason: "is missing; \(schema.fileName) says nothing without it")
  }

  private mutating func add(_ fields: [String], file: String, line: Int) throws(ResultsError) {
    for (column, field) in zip(header, fields)
    where column == schemaVersionName && field != String(schemaVersion) {
      throw .schemaVersion(file: file, line: line, found: field, supported: schemaVersion)
    }
    guard fields.count == columns.count else {
      throw .corrupt(
        file: file, line: line, column: "",
        reason: "\(fields.count) fields instead of \(columns.count)")
    }
    try checkRequired(file)
    var row = blank
    for (column, place) in places {
      let field = fields[place]
      guard let read = column.read, read(&row, field) else {
        throw .corrupt(
          file: file, line: line, column: column.name,
          reason: field.isEmpty ? "is empty" : "'\(field)' is not a value of it")
      }
    }
    lines.append(line)
    rows.append(row)
    let unknown = columns.indices.filter { columns[$0] == nil }
    if !unknown.isEmpty { unknownFields.append(unknown.map { fields[$0] }) }
  }
}

/// SwiftCSV's own views parse the text once more; rows are taken as they are cut instead.
private struct NoView: CSVView {
  var rows: [[String]] { [] }
  var columns: [String]? { nil }
  init(
    header: [String], text: String, delimiter: CSVDelimiter, loadColumns: Bool, rowLimit: Int?
  ) throws {}
  func serialize(header: [String], delimiter: CSVDelimiter) -> String { "" }
}

extension Schema {
  /// Reads the text of a file.
  /// - Parameter file: name for errors.
  package func table(in text: String, file: String) throws(ResultsError) -> Table<Row> {
    try Table(self, text: text, file: file)
  }

  /// Reads this file of a run's folder.
  package func table(inFolder folder: String) throws(ResultsError) -> Table<Row> {
    let path = RunFolder.join(folder, fileName)
    return try table(in: fileText(path), file: path)
  }

  /// Reads a file that a run need not have; nil when it is not there.
  package func tableIfPresent(inFolder folder: String) throws(ResultsError) -> Table<Row>? {
    do throws(ResultsError) { return try table(inFolder: folder) } catch {
      if case .missing = error { return nil }
      throw error
    }
  }

  package func rows(inFolder folder: String) throws(ResultsError) -> [Row] {
    try table(inFolder: folder).rows
  }

  package func rowsIfPresent(inFolder folder: String) throws(ResultsError) -> [Row] {
    try tableIfPresent(inFolder: folder)?.rows ?? []
  }

  /// Reads a file.
  package func rows(contentsOf path: String) throws(ResultsError) -> [Row] {
    try rows(in: fileText(path), file: path)
  }

  package func rows(in text: String, file: String) throws(ResultsError) -> [Row] {
    try table(in: text, file: file).rows
  }

  /// The text of this file of a run's folder.
  package func text(inFolder folder: String) throws(ResultsError) -> String {
    try fileText(RunFolder.join(folder, fileName))
  }
}

/// A file as text.
func fileText(_ path: String) throws(ResultsError) -> String {
  guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
  do {
    return try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
  } catch {
    throw .cannotRead(path: path, reason: error.localizedDescription)
  }
}
