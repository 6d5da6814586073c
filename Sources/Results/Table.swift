import Foundation
import SwiftCSV

/// A file that was read: its rows, and the columns it really has.
package struct Table<Row: FileRow>: Sendable {
  package let schema: Schema<Row>
  private let header: TableHeader
  /// By place in the file; nil for one that this version does not know.
  private let columns: [Column<Row>?]
  /// Where the fields of a row stand, in the schema's order: one field may be checked against
  /// another that was read before it.
  private let places: [(column: Column<Row>, place: Int)]
  /// What fields are read into.
  private var blank = Row()
  /// Lines on which the rows begin, from 1.
  package private(set) var lines: [Int] = []
  package private(set) var rows: [Row] = []
  /// Of each row, what stands in columns that this version does not know.
  private var unknownFields: [[String]] = []

  /// Columns that the file lacks.
  package var missing: [String] { header.missing }

  /// Columns that this version does not know; their fields are left out of the rows.
  package var unknown: [String] { header.unknown.map { header.names[$0] } }

  /// What a reader of the rows may want to know, one sentence each.
  package var notices: [String] { header.notices }

  /// A file with the columns of this one, in the same order. What stands in unknown columns is kept
  /// row by row.
  /// - Parameter left: names of columns to leave out.
  package func text(_ rows: [Row], without left: Set<String> = []) -> String {
    let places = columns.indices.filter { !left.contains(header.names[$0]) }
    var text = CSVText.line(places.map { header.names[$0] })
    for (index, row) in rows.enumerated() {
      var unknown = (unknownFields.indices.contains(index) ? unknownFields[index] : [])[...]
      let fields = columns.map { column in column?.text(row) ?? unknown.popFirst() ?? "" }
      text += CSVText.line(places.map { fields[$0] })
    }
    return text
  }

  /// Reads the text of a file.
  /// - Parameter file: name for errors.
  /// - Throws: the first thing that is wrong, with its line and column.
  init(_ schema: Schema<Row>, text: String, file: String) throws(ResultsError) {
    var table: Table?
    try CSVText.cut(text, file: file) { fields, line throws(ResultsError) in
      if table == nil {
        table = Table(schema, try TableHeader(fields, schema.outline, file: file))
      } else {
        try table?.add(fields, line: line)
      }
    }
    guard let table else {
      throw .corrupt(file: file, line: 1, column: "", reason: "there is no header")
    }
    // A file of another version may lack columns for that reason: its rows would have said so.
    try table.header.checkRequired()
    self = table
  }

  private init(_ schema: Schema<Row>, _ header: TableHeader) {
    self.schema = schema
    self.header = header
    let known = Dictionary(schema.columns.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
    columns = header.names.map { known[$0] }
    places = schema.columns.dropFirst().compactMap { column in
      header.names.firstIndex(of: column.name).map { (column, $0) }
    }
    for name in header.missing { known[name]?.whenMissing?(&blank) }
  }

  private mutating func add(_ fields: [String], line: Int) throws(ResultsError) {
    try header.check(fields, line: line)
    var row = blank
    for (column, place) in places {
      guard let read = column.read, read(&row, fields[place]) else {
        throw header.wrongValue(fields[place], line: line, column: column.name)
      }
    }
    lines.append(line)
    rows.append(row)
    if !header.unknown.isEmpty { unknownFields.append(header.unknown.map { fields[$0] }) }
  }
}

/// What a schema says of its header, whatever its rows are.
private struct SchemaOutline {
  var fileName: String
  var columns: [String]
  var required: Set<String>
  /// Whether an unknown column is a mistake.
  var refusesUnknown: Bool
}

extension Schema {
  fileprivate var outline: SchemaOutline {
    SchemaOutline(
      fileName: fileName, columns: columns.map(\.name),
      required: Set(columns.filter { isHandwritten || $0.isRequired }.map(\.name)),
      refusesUnknown: isHandwritten)
  }
}

/// The header of a file against its schema. Apart from the rows, so that this is compiled once.
private struct TableHeader {
  let names: [String]
  /// Known columns that are not there.
  let missing: [String]
  /// Places of unknown columns.
  let unknown: [Int]
  private let schema: SchemaOutline
  private let file: String
  private let versionPlace: Int

  init(_ names: [String], _ schema: SchemaOutline, file: String) throws(ResultsError) {
    self.names = names
    self.schema = schema
    self.file = file
    func wrong(_ name: String, _ reason: String) -> ResultsError {
      .corrupt(file: file, line: 1, column: name, reason: reason)
    }
    let known = Set(schema.columns)
    var seen: Set<String> = []
    for name in names {
      if name.isEmpty { throw wrong(name, "a column has no name") }
      guard seen.insert(name).inserted else { throw wrong(name, "stands twice in the header") }
      if schema.refusesUnknown, !known.contains(name) {
        throw wrong(name, "is no column of \(schema.fileName)")
      }
    }
    guard let versionPlace = names.firstIndex(of: schemaVersionName) else {
      throw wrong(schemaVersionName, "is missing")
    }
    self.versionPlace = versionPlace
    missing = schema.columns.filter { !seen.contains($0) }
    unknown = names.indices.filter { !known.contains(names[$0]) }
  }

  var notices: [String] {
    func sentence(_ names: [String], _ verb: String, _ rest: String = "") -> String? {
      guard !names.isEmpty else { return nil }
      let list = names.map { "'\($0)'" }.joined(separator: ", ")
      return "\(schema.fileName) \(verb) the column\(names.count == 1 ? "" : "s") \(list)\(rest)"
    }
    return [
      sentence(
        unknown.map { names[$0] }, "has", ", which this version does not know and leaves out"),
      sentence(missing, "lacks"),
    ].compactMap(\.self)
  }

  func checkRequired() throws(ResultsError) {
    guard let name = missing.first(where: schema.required.contains) else { return }
    throw .corrupt(
      file: file, line: 1, column: name,
      reason: "is missing; \(schema.fileName) says nothing without it")
  }

  /// Checks the version and the number of fields.
  func check(_ fields: [String], line: Int) throws(ResultsError) {
    if versionPlace < fields.count, fields[versionPlace] != String(schemaVersion) {
      throw .schemaVersion(
        file: file, line: line, found: fields[versionPlace], supported: schemaVersion)
    }
    guard fields.count == names.count else {
      throw .corrupt(
        file: file, line: line, column: "",
        reason: "\(fields.count) fields instead of \(names.count)")
    }
    try checkRequired()
  }

  func wrongValue(_ field: String, line: Int, column: String) -> ResultsError {
    .corrupt(
      file: file, line: line, column: column,
      reason: field.isEmpty ? "is empty" : "'\(field)' is not a value of it")
  }
}

extension CSVText {
  /// Cuts a text into the fields of its lines.
  /// - Parameter take: gets the fields of one line at a time, and on which line they begin.
  /// - Throws: what `take` throws, or what keeps the text from being CSV.
  fileprivate static func cut(
    _ text: String, file: String, _ take: @escaping ([String], Int) throws(ResultsError) -> Void
  ) throws(ResultsError) {
    // SwiftCSV fills up short rows, and accepts a text that ends inside quotes.
    guard text.utf8.last == UInt8(ascii: "\n") else {
      let last = text.utf8.reduce(into: 1) { if $1 == UInt8(ascii: "\n") { $0 += 1 } }
      throw .corrupt(
        file: file, line: text.isEmpty ? 0 : last, column: "",
        reason: text.isEmpty
          ? "the file is empty"
          : "the last line is cut off; remove it if the run was interrupted")
    }
    var failure: ResultsError?
    var line = 1
    do {
      let csv = try CSV<NoView>(string: text, delimiter: .comma, loadColumns: false)
      try csv.enumerateAsArray(startAt: 0, rowLimit: nil) { fields in
        guard failure == nil else { return }
        do throws(ResultsError) { try take(fields, line) } catch { failure = error }
        line += 1 + fields.reduce(0) { $0 + $1.count { $0.isNewline } }
      }
    } catch {
      throw failure ?? .corrupt(file: file, line: line, column: "", reason: "quotes do not match")
    }
    if let failure { throw failure }
  }
}

/// SwiftCSV's own views would parse the text a second time.
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

  /// Reads this file of a run's folder; nil when it does not exist.
  package func tableIfPresent(inFolder folder: String) throws(ResultsError) -> Table<Row>? {
    try optional { () throws(ResultsError) in try table(inFolder: folder) }
  }

  package func rows(inFolder folder: String) throws(ResultsError) -> [Row] {
    try table(inFolder: folder).rows
  }

  /// None when the file does not exist.
  package func rowsIfPresent(inFolder folder: String) throws(ResultsError) -> [Row] {
    try tableIfPresent(inFolder: folder)?.rows ?? []
  }

  /// Reads a file.
  package func rows(contentsOf path: String) throws(ResultsError) -> [Row] {
    try rows(in: fileText(path), file: path)
  }

  /// None when the file does not exist.
  func rowsIfPresent(contentsOf path: String) throws(ResultsError) -> [Row] {
    try optional { () throws(ResultsError) in try rows(contentsOf: path) } ?? []
  }

  package func rows(in text: String, file: String) throws(ResultsError) -> [Row] {
    try table(in: text, file: file).rows
  }

  private func optional<Value>(
    _ read: () throws(ResultsError) -> Value
  ) throws(ResultsError) -> Value? {
    do throws(ResultsError) { return try read() } catch {
      if case .missing = error { return nil }
      throw error
    }
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
