/// A comparison as text, in each form that can be asked for.
package protocol ComparisonText {
  /// Tables for a terminal.
  func terminal() -> String
  /// Tables for a page or a pull request.
  func markdown() -> String
  /// One line per comparison, as in the files.
  func csv() -> String
  /// For programs that do not read CSV.
  func json() -> String
}

extension BackendComparison: ComparisonText {}
extension RunComparison: ComparisonText {}
