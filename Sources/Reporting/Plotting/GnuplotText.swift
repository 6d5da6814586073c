import Results

/// Texts as gnuplot takes them. Terminals are set to `noenhanced`, so that `_`, `^`, `{`, `@` mean
/// themselves; in single quotes neither backquotes nor `@macros` are replaced.
enum GnuplotText {
  /// In single quotes; what would break the line is a question mark.
  static func quoted(_ text: String) -> String {
    "'"
      + plain(text).split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "''") + "'"
  }

  /// The name of a tic, which gnuplot takes for the format of its number.
  static func tic(_ text: String) -> String {
    quoted(text.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%"))
  }

  /// A field of a data block, between tabs.
  static func field(_ text: String) -> String {
    // A quote at the start would take in the following fields.
    String(plain(text).map { $0 == "\"" ? "'" : $0 })
  }

  private static func plain(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar -> Unicode.Scalar in
          switch scalar.properties.generalCategory {
          case .control, .lineSeparator, .paragraphSeparator, .surrogate, .format: "?"
          default: scalar
          }
        }))
  }

  /// Part of a file's name.
  static func fileName(_ text: String) -> String {
    let name = String(
      text.unicodeScalars.map { scalar -> Character in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || "0123456789._-".contains(Character(scalar)))
          ? Character(scalar) : "_"
      })
    let short = String(name.suffix(80))
    return short.first == "." || short.first == "-" ? "_" + short : short
  }
}

/// Widths of texts, from above: no letter of DejaVu Sans that is common here is wider on average.
enum TextWidth {
  static func pixels(_ text: String, size: Double) -> Int {
    Int((Double(text.count) * size * 0.64).rounded(.up))
  }

  /// The text, or its beginning, in so many pixels.
  static func fitted(_ text: String, pixels: Int, size: Double) -> String {
    let count = max(Int(Double(pixels) / (size * 0.64)), 1)
    return text.count <= count ? text : text.prefix(max(count - 1, 0)) + "…"
  }

  /// Lines of at most so many pixels, broken between words.
  static func lines(_ text: String, pixels: Int, size: Double) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      let longer = line.isEmpty ? String(word) : line + " " + word
      if !line.isEmpty, self.pixels(longer, size: size) > pixels {
        lines.append(line)
        line = fitted(String(word), pixels: pixels, size: size)
      } else {
        line = fitted(longer, pixels: pixels, size: size)
      }
    }
    return line.isEmpty ? lines : lines + [line]
  }
}

extension GnuplotText {
  /// A coordinate from 0 to 1.
  static func fraction(_ value: Double) -> String {
    String((value * 100_000).rounded() / 100_000)
  }
}
