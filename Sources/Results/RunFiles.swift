import Foundation
import SwiftCSV

/// The files of a finished run, read back.
package struct RunFiles: Sendable {
  package var samples: [SampleRow]
  package var workloads: [WorkloadRow]
  package var layers: [LayerRow]
  /// Empty for a run that has no such file, as those before roofs were probed.
  package var roofs: [RoofRow]
  package var summary: [SummaryRow]
  /// Empty when phases were not asked for.
  package var phases: [PhaseRow]
  /// Empty when nothing was chosen by measuring.
  package var plan: [PlanRow]
  /// Empty for a run that is no calibration.
  package var calibration: [CalibrationRow]
  /// Empty for a run from before pairs were compared, and with a single backend.
  package var compare: [CompareRow]
  /// Empty when counters were not asked for.
  package var counters: [CounterRow]
  package var environment: Environment

  /// Reads a run's folder.
  /// - Throws: a missing or corrupt file, or another schema version; the error names file, line
  ///   and column.
  package init(folder: String) throws(ResultsError) {
    samples = try Schema.samples.rows(inFolder: folder)
    workloads = try Schema.workloads.rows(inFolder: folder)
    layers = try Schema.layers.rows(inFolder: folder)
    roofs = try Schema.roofs.rowsIfPresent(inFolder: folder)
    summary = try Schema.summary.rows(inFolder: folder)
    phases = try Schema.phases.rowsIfPresent(inFolder: folder)
    plan = try Schema.plan.rowsIfPresent(inFolder: folder)
    calibration = try Schema.calibration.rowsIfPresent(inFolder: folder)
    compare = try Schema.compare.rowsIfPresent(inFolder: folder)
    counters = try Schema.counters.rowsIfPresent(inFolder: folder)
    environment = try Environment(contentsOf: RunFolder.join(folder, Environment.fileName))
  }
}

extension Schema {
  /// Reads this file of a run's folder.
  package func rows(inFolder folder: String) throws(ResultsError) -> [Row] {
    try rows(contentsOf: RunFolder.join(folder, fileName))
  }

  /// Reads a file that a run need not have; a missing one has no rows.
  package func rowsIfPresent(inFolder folder: String) throws(ResultsError) -> [Row] {
    do throws(ResultsError) { return try rows(inFolder: folder) } catch {
      if case .missing = error { return [] }
      throw error
    }
  }

  /// Reads a file.
  package func rows(contentsOf path: String) throws(ResultsError) -> [Row] {
    try rows(in: fileText(path), file: path)
  }

  /// The text of this file of a run's folder.
  package func text(inFolder folder: String) throws(ResultsError) -> String {
    try fileText(RunFolder.join(folder, fileName))
  }

  /// Reads the text of a file.
  /// - Parameter file: name for errors.
  package func rows(in text: String, file: String) throws(ResultsError) -> [Row] {
    try numberedRows(in: text, file: file).map(\.row)
  }

  /// Reads the text of a file, each row with the line on which it begins, counted from 1.
  /// - Parameter file: name for errors.
  package func numberedRows(
    in text: String, file: String
  ) throws(ResultsError) -> [(line: Int, row: Row)] {
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
    var rows: [(line: Int, row: Row)] = []
    var failure: ResultsError?
    var line = 1
    func take(_ fields: [String]) {
      guard failure == nil else { return }
      do throws(ResultsError) {
        if line == 1 {
          try check(header: fields, file: file)
        } else {
          rows.append((line, try row(fields, file: file, line: line)))
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
    return rows
  }

  private func check(header: [String], file: String) throws(ResultsError) {
    for (index, column) in columns.enumerated() {
      guard index < header.count, header[index] == column.name else {
        let found = index < header.count ? "'\(header[index])'" : "nothing"
        throw .corrupt(
          file: file, line: 1, column: column.name,
          reason: "stands at place \(index + 1) of \(fileName), found \(found)")
      }
    }
    guard header.count == columns.count else {
      throw .corrupt(
        file: file, line: 1, column: header[columns.count],
        reason: "not a column of \(fileName)")
    }
  }

  private func row(_ fields: [String], file: String, line: Int) throws(ResultsError) -> Row {
    guard fields.first == String(schemaVersion) else {
      throw .schemaVersion(
        file: file, line: line, found: fields.first ?? "", supported: schemaVersion)
    }
    guard fields.count == columns.count else {
      throw .corrupt(
        file: file, line: line, column: "",
        reason: "\(fields.count) fields instead of \(columns.count)")
    }
    var row = blank
    for (column, field) in zip(columns, fields).dropFirst() {
      guard let read = column.read, read(&row, field) else {
        throw .corrupt(
          file: file, line: line, column: column.name,
          reason: field.isEmpty ? "is empty" : "'\(field)' is not a value of it")
      }
    }
    return row
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

/// A file as text.
func fileText(_ path: String) throws(ResultsError) -> String {
  guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
  do {
    return try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
  } catch {
    throw .cannotRead(path: path, reason: error.localizedDescription)
  }
}
