/// A sentence that names something from a file, without what would break its line.
///
/// - Returns: the text with a question mark for every control character.
public func oneLine(_ text: String) -> String {
  String(
    String.UnicodeScalarView(
      text.unicodeScalars.map { scalar -> Unicode.Scalar in
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: "?"
        default: scalar
        }
      }))
}
