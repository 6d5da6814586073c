/// Text for a POSIX shell.
public enum ShellText {
  private static let plain = Set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-#")

  /// A word as `sh` reads it back: as it is where that is safe, otherwise between single quotes.
  public static func quoted(_ word: String) -> String {
    // A # begins a comment only where a word begins.
    if let first = word.first, first != "#", word.allSatisfy(plain.contains) { return word }
    return "'"
      + word.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: #"'\''"#) + "'"
  }

  /// A command that `sh` splits into these words.
  public static func command(_ words: [String]) -> String {
    words.map(quoted).joined(separator: " ")
  }
}
