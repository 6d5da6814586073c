import Networks

/// One column of a file or of a table: a name, a unit, and how to print a row's value.
///
/// The same values drive CSV, Markdown and the terminal. A column made from a key path can also be
/// read back; a computed one can only be printed.
package struct Column<Row>: Sendable {
  /// Name in the header, with the unit in it where there is one: `median_ns`.
  package var name: String
  /// Unit for people: `ns`, `bytes`, `%`; empty for counts and names.
  package var unit: String
  /// The value of a row; empty when it is absent.
  package var text: @Sendable (Row) -> String
  /// Whether fields are numbers, absent ones aside.
  package var isNumber = false
  /// Puts a field into a row; false when the field is no value of this column. Nil for computed
  /// columns.
  package var read: (@Sendable (inout Row, String) -> Bool)?

  /// A computed column.
  package init(_ name: String, unit: String = "", text: @escaping @Sendable (Row) -> String) {
    self.name = name
    self.unit = unit
    self.text = text
    read = nil
  }

  /// A stored column, written and read through a key path.
  package init<Value: FieldValue>(
    _ name: String, unit: String = "", _ path: WritableKeyPath<Row, Value> & Sendable
  ) {
    self.name = name
    self.unit = unit
    isNumber = Value.isNumber
    text = { $0[keyPath: path].fieldText }
    read = { row, field in
      guard let value = Value(fieldText: field) else { return false }
      row[keyPath: path] = value
      return true
    }
  }

  /// The same column of a row that holds this column's row at `path`.
  package func lifted<Outer>(_ path: WritableKeyPath<Outer, Row> & Sendable) -> Column<Outer> {
    let text = self.text
    var column = Column<Outer>(name, unit: unit) { text($0[keyPath: path]) }
    column.isNumber = isNumber
    if let read { column.read = { read(&$0[keyPath: path], $1) } }
    return column
  }
}

/// A value that stands in a field of a file.
package protocol FieldValue: SendableMetatype {
  /// Text of the field; empty means absent.
  var fieldText: String { get }
  /// Nil when the text is no such value.
  init?(fieldText: String)
  /// Whether the text is a number.
  static var isNumber: Bool { get }
}

extension FieldValue {
  package static var isNumber: Bool { false }
}

extension String: FieldValue {
  package var fieldText: String { self }
  package init?(fieldText: String) { self = fieldText }
}

extension Int: FieldValue {
  package static var isNumber: Bool { true }
  package var fieldText: String { String(self) }
  package init?(fieldText: String) { self.init(fieldText) }
}

extension UInt64: FieldValue {
  package static var isNumber: Bool { true }
  package var fieldText: String { String(self) }
  package init?(fieldText: String) { self.init(fieldText) }
}

/// Shortest decimal text that reads back to the same bits; `.` in every locale.
extension Double: FieldValue {
  package static var isNumber: Bool { true }
  package var fieldText: String { description }
  package init?(fieldText: String) { self.init(fieldText) }
}

/// 1 or 0.
extension Bool: FieldValue {
  package static var isNumber: Bool { true }
  package var fieldText: String { self ? "1" : "0" }
  package init?(fieldText: String) {
    switch fieldText {
    case "1": self = true
    case "0": self = false
    default: return nil
    }
  }
}

/// Empty = absent.
extension Optional: FieldValue where Wrapped: FieldValue {
  package static var isNumber: Bool { Wrapped.isNumber }
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
extension Pass: FieldValue {}
extension CacheMode: FieldValue {}
extension Status: FieldValue {}
