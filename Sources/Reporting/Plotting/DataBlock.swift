import Results

/// A table inside a script. Fields of files stand there as in the file, digit by digit; units are
/// converted by gnuplot.
struct DataBlock {
  /// `$data3`.
  let name: String
  /// `summary.csv:median_ns`, or a place in the picture such as `x`.
  let columns: [String]
  fileprivate let lines: [String]

  var isEmpty: Bool { lines.isEmpty }

  /// A column by its name without the file, as `using` takes it.
  subscript(_ column: String) -> String { "$\(index(column))" }

  /// A column with text.
  func text(_ column: String) -> String { "strcol(\(index(column)))" }

  func index(_ column: String) -> Int {
    guard
      let index = columns.firstIndex(where: { $0 == column || $0.hasSuffix(":" + column) })
    else { preconditionFailure("no column \(column) in \(columns)") }
    return index + 1
  }
}

/// Columns of a file, to be put into a block.
struct FileFields<Row: FileRow> {
  let names: [String]
  private let columns: [Column<Row>]

  init(_ schema: Schema<Row>, _ names: [String]) {
    columns = names.map { schema[$0] }
    self.names = names.map { "\(schema.fileName):\($0)" }
  }

  func texts(_ row: Row) -> [String] { columns.map { $0.text(row) } }
}

/// The columns that say which workload a row of a block is of.
let identityColumns = ["network", "layer", "backend", "isa", "threads", "batch", "pass", "cache"]

/// The blocks of one plot.
struct DataBlocks {
  private(set) var text = ""
  private var count = 0

  mutating func add(columns: [String], rows: [[String]]) -> DataBlock {
    count += 1
    let block = DataBlock(
      name: "$data\(count)", columns: columns,
      lines: rows.map { $0.map(GnuplotText.field).joined(separator: "\t") })
    text += "# \(block.name): \(columns.joined(separator: " "))\n\(block.name) << EOD\n"
    for line in block.lines { text += line + "\n" }
    text += "EOD\n"
    return block
  }

  /// Rows of a file, each with places in the picture before its fields.
  mutating func add<Row>(
    places: [String], _ fields: FileFields<Row>, _ rows: [([Double], Row)]
  ) -> DataBlock {
    add(
      columns: places + fields.names,
      rows: rows.map { place, row in place.map(\.description) + fields.texts(row) })
  }
}
