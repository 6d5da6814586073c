import Results

/// The first tables of a report: layers down, backends across, median times.
struct OverviewTables {
  let nodes: [ReportNode]

  init(_ files: RunFiles, _ comparison: BackendComparison) {
    var numbers: [WorkloadKey: Int] = [:]
    for (index, row) in files.summary.enumerated() { numbers[row.key] = index + 1 }
    let winners = Set(comparison.winners)
    let libraries = LibraryNotes(files.environment.warnings)
    nodes = TableGroup.all(files.summary).map { group in
      var notes = Footnotes()
      let headers = group.columns.map { column in
        ReportNode([
          "name": libraries.marked(column.backend, &notes), "unit": column.isa,
          "hasUnit": !column.isa.isEmpty,
        ])
      }
      let rows = group.lines.map { line in
        ReportNode([
          "layer": line.layer,
          "isNet": line.index < 0,
          "cells": group.columns.map { column -> ReportNode in
            guard let row = group.row(line, column) else {
              return ReportNode(["isEmpty": true])
            }
            return Self.cell(row, number: numbers[row.key] ?? 0, winners, &notes)
          },
        ])
      }
      return ReportNode([
        "title": group.key.title,
        "columns": headers,
        "rows": rows,
        "notes": notes.texts.enumerated().map {
          ReportNode(["number": $0 + 1, "text": $1])
        },
        "hasNotes": !notes.texts.isEmpty,
      ])
    }
  }

  private static func cell(
    _ row: SummaryRow, number: Int, _ winners: Set<Winner>, _ notes: inout Footnotes
  ) -> ReportNode {
    let source = "\(Schema.summary.fileName) \(number)"
    guard row.workload.status == .ok, row.time.median != nil else {
      return ReportNode([
        "isNumber": false, "value": "", "text": row.workload.status.rawValue,
        "source": "\(source) status", "note": notes.mark(row.workload.reason), "isBest": false,
      ])
    }
    var note = row.isDelegated ? " →\(row.workload.facts.delegatedTo)" : ""
    if let handicap = row.workload.facts.handicap {
      note += notes.mark("slower by \(handicap) on purpose (--slow-down)")
    }
    return ReportLayout.median.cell(
      row, source: source, isBest: winners.contains(Winner(of: row.key)), note: note)
  }
}
