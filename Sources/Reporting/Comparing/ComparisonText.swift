/// A comparison as text, in each form that can be asked for.
package protocol ComparisonText {
  /// Tables for a terminal.
  func terminal() -> String
  /// Tables for a page or a pull request.
  func markdown() -> String
  /// One line per comparison, as in the files.
  func csv() -> String
  /// The same for programs that read no CSV.
  func json() -> String
}

extension RunComparison: ComparisonText {}
extension RunsComparison: ComparisonText {}
