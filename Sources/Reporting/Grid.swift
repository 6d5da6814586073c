/// A table of cells, drawn for a terminal or as Markdown.
struct Grid {
  struct Cell {
    /// Numbers of one cell, aligned among themselves; a single part stands alone.
    var parts: [String]
    /// The best of its row.
    var isBest = false
    init(_ parts: [String], isBest: Bool = false) {
      self.parts = parts
      self.isBest = isBest
    }
  }

  /// Lines above the cells, one text per column.
  var header: [[String]]
  var rows: [[Cell]]
  /// Rows before which a line is drawn.
  var separators: Set<Int> = []
  /// Columns that start at the left; the others end at the right.
  var leftAligned: Set<Int> = [0]
  /// A place for the mark of the best is kept in every cell but the left-aligned ones.
  var marksBest = false

  /// Columns that the longest line takes on a terminal.
  var width: Int {
    terminal(isBold: false).split(separator: "\n").map(\.count).max() ?? 0
  }

  /// Lines without a trailing blank, each with a line feed.
  func terminal(isBold: Bool) -> String {
    let count = header[0].count
    let widths = (0..<count).map(partWidths)
    var cells = rows.map { row in
      row.enumerated().map { (text(of: $1, widths: widths[$0], column: $0), $1.isBest) }
    }
    cells =
      header.map { line in
        line.enumerated().map { index, name in
          (marksBest && !leftAligned.contains(index) ? name + " " : name, false)
        }
      } + cells
    let columnWidths = (0..<count).map { index in cells.map { $0[index].0.count }.max() ?? 0 }
    var lines: [String] = []
    for (number, row) in cells.enumerated() {
      if separators.contains(number - header.count) || number == header.count {
        lines.append(String(repeating: "-", count: columnWidths.reduce(0) { $0 + $1 + 2 } - 2))
      }
      let line = row.enumerated().map { index, cell in
        let blanks = String(repeating: " ", count: columnWidths[index] - cell.0.count)
        if leftAligned.contains(index) { return cell.0 + blanks }
        return blanks + (isBold && cell.1 ? "\u{1b}[1m\(cell.0)\u{1b}[0m" : cell.0)
      }.joined(separator: "  ")
      lines.append(String(line.reversed().drop { $0 == " " }.reversed()))
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// A Markdown table; the best cell of a row in bold.
  func markdown() -> String {
    var text = ""
    let names = header[0].indices.map { index in
      header.map { markdownCell($0[index]) }.filter { !$0.isEmpty }.joined(separator: "<br>")
    }
    text += markdownLine(names)
    text += markdownLine(names.indices.map { leftAligned.contains($0) ? ":--" : "--:" })
    for row in rows {
      text += markdownLine(
        row.map { cell in
          let parts = markdownCell(cell.parts.filter { !$0.isEmpty }.joined(separator: " · "))
          return cell.isBest ? "**\(parts)**" : parts
        })
    }
    return text
  }

  private func markdownLine(_ fields: [String]) -> String {
    "| " + fields.joined(separator: " | ") + " |\n"
  }

  /// Room for one part of a column's cells.
  private struct PartWidth {
    /// Before the decimal point, and from it on.
    private var whole = 0
    private var fraction = 0
    /// Of texts that are no decimal number.
    private var text = 0

    mutating func widen(for part: String) {
      guard let point = part.firstIndex(of: ".") else {
        text = max(text, part.count)
        return
      }
      whole = max(whole, part[..<point].count)
      fraction = max(fraction, part[point...].count)
    }

    /// Decimal points stand below each other; what has none ends at the right.
    func padded(_ part: String) -> String {
      var padded = part
      if let point = part.firstIndex(of: ".") {
        padded += String(repeating: " ", count: fraction - part[point...].count)
      }
      return String(repeating: " ", count: max(text, whole + fraction) - padded.count) + padded
    }
  }

  /// Widths of the parts over all cells of a column that have several.
  private func partWidths(_ column: Int) -> [PartWidth] {
    var widths: [PartWidth] = []
    for parts in rows.map({ $0[column].parts }) where parts.count > 1 {
      for (index, part) in parts.enumerated() {
        if index == widths.count { widths.append(PartWidth()) }
        widths[index].widen(for: part)
      }
    }
    return widths
  }

  private func text(of cell: Cell, widths: [PartWidth], column: Int) -> String {
    var text = cell.parts.joined()
    if cell.parts.count > 1 {
      text = cell.parts.enumerated().map { index, part in
        widths[index].padded(part)
      }.joined(separator: " ")
    }
    guard marksBest, !leftAligned.contains(column) else { return text }
    return text + (cell.isBest ? "*" : " ")
  }
}

/// Numbered notes below a table; equal ones share a number.
struct Footnotes {
  private(set) var texts: [String] = []

  /// The mark ` [1]` of a note; empty without a text.
  mutating func mark(_ text: String) -> String {
    guard !text.isEmpty else { return "" }
    if let index = texts.firstIndex(of: text) { return " [\(index + 1)]" }
    texts.append(text)
    return " [\(texts.count)]"
  }

  /// One note per line, wrapped.
  func text(width: Int = 100) -> String {
    texts.enumerated().map { wrapped("[\($0 + 1)] ", $1, width: width) }.joined()
  }
}

/// Stands for a blank that ``wrapped(_:_:width:)`` does not break at.
let fixedBlank: Character = "\u{a0}"

/// A paragraph of at most `width` columns, later lines below the first's text.
func wrapped(_ lead: String, _ text: String, width: Int = 100) -> String {
  let indent = String(repeating: " ", count: lead.count)
  var lines: [String] = []
  var line = lead
  var isFresh = true
  for word in text.split(separator: " ") {
    if !isFresh, line.count + 1 + word.count > width {
      lines.append(line)
      line = indent
      isFresh = true
    }
    line += (isFresh ? "" : " ") + word
    isFresh = false
  }
  return withoutFixedBlanks((lines + [line]).map { $0 + "\n" }.joined())
}

/// Text with ordinary blanks only.
func withoutFixedBlanks(_ text: String) -> String {
  String(text.map { $0 == fixedBlank ? " " : $0 })
}
