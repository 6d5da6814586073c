import Foundation
import Reporting

/// The columns that say which workload a row is of.
let identityColumns = ["network", "layer", "backend", "isa", "threads", "batch", "pass", "cache"]

/// A file's fields as texts, cut here and not by the program.
struct CSVFields {
  let header: [String]
  let rows: [[String]]

  init(_ path: String) throws {
    var rows: [[String]] = []
    var row: [String] = []
    var field = ""
    var isQuoted = false
    let text = Array(try String(contentsOfFile: path, encoding: .utf8).unicodeScalars)
    var index = 0
    while index < text.count {
      let scalar = text[index]
      if isQuoted {
        if scalar == "\"", index + 1 < text.count, text[index + 1] == "\"" {
          field.unicodeScalars.append("\"")
          index += 1
        } else if scalar == "\"" {
          isQuoted = false
        } else {
          field.unicodeScalars.append(scalar)
        }
      } else {
        switch scalar {
        case "\"": isQuoted = true
        case ",", "\n":
          row.append(field)
          field = ""
          if scalar == "\n" {
            rows.append(row)
            row = []
          }
        default: field.unicodeScalars.append(scalar)
        }
      }
      index += 1
    }
    header = rows.first ?? []
    self.rows = Array(rows.dropFirst())
  }

  /// The rows cut down to some columns, fields joined by tabs.
  func tuples(_ columns: [String]) -> Set<String> {
    let places = columns.map { header.firstIndex(of: $0)! }
    return Set(rows.map { row in places.map { row[$0] }.joined(separator: "\t") })
  }
}

/// A data block as it stands in a script.
struct ScriptBlock {
  /// `summary.csv:median_ns`, or a place.
  let columns: [String]
  let rows: [[String]]

  /// All blocks of a plot.
  static func all(in plot: Plot) -> [ScriptBlock] {
    var blocks: [ScriptBlock] = []
    var lines = plot.data.split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let line = lines.popFirst() {
      guard line.hasPrefix("# $data"), let colon = line.firstIndex(of: ":") else { continue }
      let columns = line[line.index(colon, offsetBy: 2)...].split(separator: " ").map(String.init)
      lines.removeFirst()
      var rows: [[String]] = []
      while let row = lines.popFirst(), row != "EOD" {
        rows.append(row.split(separator: "\t", omittingEmptySubsequences: false).map(String.init))
      }
      blocks.append(ScriptBlock(columns: columns, rows: rows))
    }
    return blocks
  }

  /// Columns of a file, by their names there.
  func columns(of file: String) -> [(place: Int, name: String)] {
    columns.enumerated().compactMap { place, column in
      column.hasPrefix(file + ":") ? (place, String(column.dropFirst(file.count + 1))) : nil
    }
  }

  var files: [String] {
    var files: [String] = []
    for column in columns {
      guard let colon = column.firstIndex(of: ":") else { continue }
      let file = String(column[..<colon])
      if !files.contains(file) { files.append(file) }
    }
    return files
  }
}
