import Networks

/// One column of a file or of a table, declared once: the header, the decoder and the tables in
/// `results/README.md` come from here.
///
/// The same values drive CSV, Markdown and the terminal. A column made from a key path can also be
/// read back; a computed one can only be printed.
package struct Column<Row>: Sendable {
  /// Name in the header, with the unit in it where there is one: `median_ns`.
  package var name: String
  /// Unit for people: `ns`, `bytes`, `%`; empty for counts and names.
  package var unit: String
  /// What a value says, as `results/README.md` has it.
  package var meaning: String
  package var type: FieldType
  /// Whether a field may be empty: the value is absent.
  package var mayBeEmpty = true
  /// Whether a row says nothing without it. A file that lacks it is refused; where a file lacks
  /// another column, its rows keep what a blank row has.
  var isRequired: Bool
  /// The value of a row; empty when it is absent.
  package var text: @Sendable (Row) -> String
  /// Puts a field into a row; false when the field is no value of this column. Nil for computed
  /// columns.
  var read: (@Sendable (inout Row, String) -> Bool)?
  /// Tells a row that its file lacks the column.
  var whenMissing: (@Sendable (inout Row) -> Void)?

  /// Whether fields are numbers, absent ones aside.
  package var isNumber: Bool { type != .text }

  /// A computed column.
  package init(_ name: String, unit: String = "", text: @escaping @Sendable (Row) -> String) {
    self.name = name
    self.unit = unit
    self.text = text
    meaning = ""
    type = .text
    isRequired = false
  }

  /// A stored column, written and read through a key path.
  // A copy of this for every type of row and value would cost the compiler seconds.
  @_semantics("optimize.sil.specialize.generic.never")
  init<Value: FieldValue>(
    _ name: String, unit: String = "", _ path: WritableKeyPath<Row, Value> & Sendable,
    _ meaning: String = "", isRequired: Bool = false,
    whenMissing: (@Sendable (inout Row) -> Void)? = nil
  ) {
    self.name = name
    self.unit = unit
    self.meaning = meaning
    self.isRequired = isRequired
    self.whenMissing = whenMissing
    type = Value.type
    mayBeEmpty = Value.mayBeEmpty
    text = { $0[keyPath: path].fieldText }
    read = { row, field in
      guard let value = Value(fieldText: field) else { return false }
      row[keyPath: path] = value
      return true
    }
  }

  /// A key column that does not apply to the file.
  static func alwaysEmpty(_ name: String) -> Column {
    var column = Column(name) { _ in "" }
    column.read = { $1.isEmpty }
    return column
  }

  /// This column for rows that hold its rows at `path`.
  @_semantics("optimize.sil.specialize.generic.never")
  func lifted<Outer>(_ path: WritableKeyPath<Outer, Row> & Sendable) -> Column<Outer> {
    let text = self.text
    var column = Column<Outer>(name, unit: unit) { text($0[keyPath: path]) }
    column.meaning = meaning
    column.type = type
    column.mayBeEmpty = mayBeEmpty
    column.isRequired = isRequired
    if let read { column.read = { read(&$0[keyPath: path], $1) } }
    if let whenMissing { column.whenMissing = { whenMissing(&$0[keyPath: path]) } }
    return column
  }
}

/// Columns below each other; the compiler checks each declaration on its own, which a long array
/// literal makes slow.
@resultBuilder enum ColumnList<Row> {
  static func buildExpression(_ column: Column<Row>) -> [Column<Row>] { [column] }
  static func buildExpression(_ columns: [Column<Row>]) -> [Column<Row>] { columns }
  static func buildBlock(_ parts: [Column<Row>]...) -> [Column<Row>] { parts.flatMap(\.self) }

  static func make(@ColumnList _ columns: () -> [Column<Row>]) -> [Column<Row>] { columns() }
}

/// How the text of a field is to be understood.
package enum FieldType: String, Sendable {
  case text, integer, number
  /// `1` or `0`.
  case flag
}

/// A value that stands in a field of a file.
package protocol FieldValue: SendableMetatype {
  /// Text of the field; empty means absent.
  var fieldText: String { get }
  /// Nil when the text is no such value.
  init?(fieldText: String)
  static var type: FieldType { get }
  static var mayBeEmpty: Bool { get }
}

extension FieldValue {
  package static var type: FieldType { .text }
  package static var mayBeEmpty: Bool { false }
}

extension String: FieldValue {
  package static var mayBeEmpty: Bool { true }
  package var fieldText: String { self }
  package init?(fieldText: String) { self = fieldText }
}

extension FieldValue where Self: FixedWidthInteger {
  package static var type: FieldType { .integer }
  package var fieldText: String { String(self) }
  package init?(fieldText: String) { self.init(fieldText) }
}

extension Int: FieldValue {
  /// In nanoseconds 36 years: sums of a few such numbers are numbers still.
  private static let fieldLimit = 1 << 60

  package init?(fieldText: String) {
    guard let value = Int(fieldText), (-Self.fieldLimit...Self.fieldLimit).contains(value) else {
      return nil
    }
    self = value
  }
}

extension UInt64: FieldValue {}

/// Shortest decimal text that reads back to the same bits; `.` in every locale.
extension Double: FieldValue {
  package static var type: FieldType { .number }
  package var fieldText: String { description }
  package init?(fieldText: String) { self.init(fieldText) }
}

extension Bool: FieldValue {
  package static var type: FieldType { .flag }
  package var fieldText: String { self ? "1" : "0" }
  package init?(fieldText: String) {
    switch fieldText {
    case "1": self = true
    case "0": self = false
    default: return nil
    }
  }
}

extension Optional: FieldValue where Wrapped: FieldValue {
  package static var type: FieldType { Wrapped.type }
  package static var mayBeEmpty: Bool { true }
  package var fieldText: String { self?.fieldText ?? "" }
  package init?(fieldText: String) {
    if fieldText.isEmpty {
      self = .none
      return
    }
    guard let value = Wrapped(fieldText: fieldText) else { return nil }
    self = value
  }
}

extension FieldValue where Self: RawRepresentable, RawValue == String {
  package var fieldText: String { rawValue }
  package init?(fieldText: String) { self.init(rawValue: fieldText) }
}

extension Direction: FieldValue {}
extension Precision: FieldValue {}
