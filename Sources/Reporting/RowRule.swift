import Results

/// What must hold of each row of a file, beyond the types of its fields.
struct RowRule<Row> {
  /// Called once per row, in the file's order.
  var problems: (Row) -> [Problem]

  init(_ problems: @escaping (Row) -> [Problem]) { self.problems = problems }
}

/// Something wrong with a row.
struct Problem {
  var column: String
  var reason: String
}

/// Collects what is wrong with one row.
struct Problems {
  private(set) var found: [Problem] = []

  /// - Parameters:
  ///   - runID: of the run; nil when it is not known.
  ///   - own: of the row.
  init(_ runID: String?, _ own: String) {
    if let runID { expect(own == runID, "run_id", "'\(own)' is not the run '\(runID)'") }
  }

  mutating func expect(_ isTrue: Bool, _ column: String, _ reason: String) {
    if !isTrue { found.append(Problem(column: column, reason: reason)) }
  }

  /// A value, or the reason why there is none, never both or neither.
  mutating func expectReason(
    _ reason: String, _ column: String, hasValue: Bool, _ valueColumn: String
  ) {
    expect(
      hasValue == reason.isEmpty, column,
      hasValue
        ? "must be empty beside a \(valueColumn)" : "is missing where \(valueColumn) is empty")
  }

  mutating func expectNew<Key>(_ key: Key, _ seen: inout Seen<Key>, _ column: String) {
    expect(seen.keys.insert(key).inserted, column, "is another \(seen.what)")
  }
}

/// Keys that were there already.
struct Seen<Key: Hashable> {
  fileprivate(set) var keys: Set<Key> = []
  let what: String
  init(_ what: String) { self.what = what }
}
