/// Text for a POSIX shell.
public enum ShellText {
  private static let plain = Set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-#".unicodeScalars)

  /// A word as `sh` reads it back: as it is where that is safe, otherwise between single quotes.
  public static func quoted(_ word: String) -> String {
    // A # begins a comment only where a word begins.
    if let first = word.unicodeScalars.first, first != "#",
      word.unicodeScalars.allSatisfy(plain.contains)
    {
      return word
    }
    let quote: [UnicodeScalar] = ["'", "\\", "'", "'"]
    let inner = word.unicodeScalars.flatMap { $0 == "'" ? quote : [$0] }
    return "'" + String(String.UnicodeScalarView(inner)) + "'"
  }

  /// A command that `sh` splits into these words.
  public static func command(_ words: [String]) -> String {
    words.map(quoted).joined(separator: " ")
  }
}
