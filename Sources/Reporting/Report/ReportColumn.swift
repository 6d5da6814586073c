import Mustache
import Results

/// A value for the template: looked up by name, without reflection.
struct ReportNode: MustacheParent {
  private let members: [String: Any]
  init(_ members: [String: Any]) { self.members = members }
  func child(named name: String) -> Any? { members[name] }
}

/// A column of a table in the report: a column of a file, with a name and digits for people.
///
/// The cell keeps the file's exact text in `data-value` and its place – file, row counted from 1
/// below the header, column – in `data-source`.
struct ReportColumn<Row: FileRow> {
  /// Texts above this may take several lines.
  private static var longText: Int { 60 }

  private let column: Column<Row>
  private let header: String
  private let unit: String
  /// Digits for people; nil for texts and numbers that stand as in the file.
  private let show: (@Sendable (Double) -> String)?

  /// - Parameter name: of the file's column.
  init(
    _ schema: Schema<Row>, _ name: String, _ header: String? = nil, unit: String = "",
    show: (@Sendable (Double) -> String)? = nil
  ) {
    column = schema[name]
    self.header = header ?? name
    self.unit = unit
    self.show = show
  }

  var headerNode: ReportNode {
    ReportNode([
      "name": header, "unit": unit, "hasUnit": !unit.isEmpty, "isNumber": column.isNumber,
    ])
  }

  /// Whether any row has a value.
  func isUsed(in rows: [Row]) -> Bool { rows.contains { !column.text($0).isEmpty } }

  /// - Parameters:
  ///   - source: file and row, for example `summary.csv 12`.
  ///   - note: a text beside the value.
  func cell(_ row: Row, source: String, isBest: Bool = false, note: String = "") -> ReportNode {
    let exact = column.text(row)
    let text = show.flatMap { show in Double(exact).map(show) } ?? exact
    return ReportNode([
      "isNumber": column.isNumber, "isLong": text.count > Self.longText, "value": exact,
      "text": text, "isBest": isBest,
      "source": "\(source) \(column.name)", "note": note,
    ])
  }
}

/// A table of rows of one file.
struct ReportTable<Row: FileRow> {
  var fileName: String
  var columns: [ReportColumn<Row>]
  /// With the row's number in the file, from 1.
  var rows: [(number: Int, row: Row)]

  /// Columns without any value are left out.
  func node(isBest: (Row) -> Bool = { _ in false }) -> ReportNode {
    let used = columns.filter { $0.isUsed(in: rows.map(\.row)) }
    return ReportNode([
      "columns": used.map(\.headerNode),
      "rows": rows.map { number, row in
        let best = isBest(row)
        return ReportNode([
          "isBest": best,
          "cells": used.map { $0.cell(row, source: "\(fileName) \(number)") },
        ])
      },
    ])
  }
}

/// Rows with their numbers in the file, by a key.
func numbered<Row, Key: Hashable>(_ rows: [Row], by key: (Row) -> Key) -> [Key: [(
  number: Int, row: Row
)]] {
  var groups: [Key: [(number: Int, row: Row)]] = [:]
  for (index, row) in rows.enumerated() { groups[key(row), default: []].append((index + 1, row)) }
  return groups
}
