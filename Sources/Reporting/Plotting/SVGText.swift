/// Makes of gnuplot's SVG one that can stand in a page beside others, and is smaller.
enum SVGText {
  /// - Ids begin with what belongs to the plot's name, so that those of two plots differ.
  /// - The picture is named by its title, for screen readers.
  /// - Fonts have substitutes of the same width.
  /// - Groups that draw nothing, and attributes that say what holds anyway, are left out.
  static func tidy(_ svg: String, _ plot: Plot) -> String {
    let prefix = idPrefix(plot.name)
    var lines = svg.split(separator: "\n", omittingEmptySubsequences: true)[...]
    var text = ""
    text.reserveCapacity(svg.utf8.count)
    while let line = lines.popFirst() {
      if line.hasPrefix("<g fill="), lines.first == "</g>" {
        lines.removeFirst()
        continue
      }
      switch line {
      case "<title>Gnuplot</title>": text += "<title>\(escaped(plot.title))</title>\n"
      case "<g id=\"gnuplot_canvas\">":
        text += "<g id=\"\(prefix)canvas\" font-family=\"DejaVu Sans,Verdana,sans-serif\">\n"
      case _ where line.hasPrefix("<desc>"): text += "<desc>\(escaped(plot.caption))</desc>\n"
      // A tooltip with a number that says nothing.
      case _ where line.hasPrefix("\t<g id=\"gnuplot_plot_"): text += "<g>\n"
      default: text += rewritten(line, prefix) + "\n"
      }
    }
    return text
  }

  /// A letter and 32 bits of the name's FNV-1a hash: short, since every symbol of a plot names it.
  private static func idPrefix(_ name: String) -> String {
    let hash = name.utf8.reduce(UInt32(0x811c_9dc5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    return "p\(String(hash, radix: 36))-"
  }

  /// What stands in gnuplot's text and in its place, and whether an id follows.
  private static let replacements: [(found: [UInt8], put: [UInt8], isID: Bool)] = [
    ("id='", "id='", true), ("id=\"", "id=\"", true), ("href='#", "href='#", true),
    ("url(#", "url(#", true),
    // Stands once, for all.
    (" font-family=\"DejaVu Sans\"", "", false),
    // What holds without being said.
    (" stroke-linecap=\"butt\"", "", false), (" stroke-linejoin=\"miter\"", "", false),
    (" stroke-width=\"1.00\"", "", false), ("  text-anchor=\"start\"", "", false),
  ].map { (Array($0.utf8), Array($1.utf8), $2) }
  private static let color = Array("rgb(".utf8)

  private static func rewritten(_ line: Substring, _ prefix: String) -> String {
    let line = line.drop { $0 == "\t" }
    // Words are as they are; a path's coordinates have no attributes.
    guard !line.hasPrefix("<text>"), line.utf8.contains(UInt8(ascii: "=")) else {
      return String(line)
    }
    var rest = Array(line.utf8)[...]
    var result: [UInt8] = []
    while let byte = rest.first {
      if let hit = replacements.first(where: { byte == $0.found[0] && rest.starts(with: $0.found) })
      {
        result += hit.put
        if hit.isID { result += Array(prefix.utf8) }
        rest = rest.dropFirst(hit.found.count)
      } else if byte == color[0], rest.starts(with: color),
        let end = rest.firstIndex(of: UInt8(ascii: ")")),
        let text = hexadecimal(rest[(rest.startIndex + color.count)..<end])
      {
        result += text
        rest = rest[(end + 1)...]
      } else {
        result.append(byte)
        rest = rest.dropFirst()
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// `0, 114, 178` as `#0072b2`.
  private static func hexadecimal(_ numbers: ArraySlice<UInt8>) -> [UInt8]? {
    let parts = numbers.split(separator: UInt8(ascii: ",")).compactMap { part in
      UInt8(String(decoding: part.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self))
    }
    guard parts.count == 3 else { return nil }
    let digits = Array("0123456789abcdef".utf8)
    return [UInt8(ascii: "#")]
      + parts.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case _ where character.unicodeScalars.contains { $0.properties.generalCategory == .control }:
        result += "?"
      default: result.append(character)
      }
    }
  }
}
