/// Makes of gnuplot's SVG one that can stand in a page beside others, and is smaller.
enum SVGText {
  /// - Ids begin with the plot's name, so that those of two plots differ.
  /// - The picture is named by its title, for screen readers.
  /// - Fonts have substitutes of the same width.
  /// - Groups that draw nothing are left out.
  static func tidy(_ svg: String, _ plot: Plot) -> String {
    let prefix = "p-\(plot.name)-"
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
      case _ where line.hasPrefix("<desc>"): text += "<desc>\(escaped(plot.caption))</desc>\n"
      // A tooltip with a number that says nothing.
      case _ where line.hasPrefix("\t<g id=\"gnuplot_plot_"): text += "\t<g>\n"
      default: text += rewritten(line, prefix) + "\n"
      }
    }
    return text
  }

  private static func rewritten(_ line: Substring, _ prefix: String) -> String {
    guard line.contains("#") || line.contains("id=") || line.contains("font-family") else {
      return String(line)
    }
    var text = line[...]
    var result = ""
    while let hit = text.firstRange(of: marks) {
      result += text[..<hit.range.lowerBound] + hit.mark.before + hit.mark.after(prefix)
      text = text[hit.range.upperBound...]
    }
    return result + text
  }

  struct Mark {
    /// What stands there.
    var found: String
    /// The part of it that stays, before what is put in.
    var before: String
    var after: @Sendable (String) -> String
  }

  private static let marks = [
    Mark(found: "id='", before: "id='") { $0 },
    Mark(found: "id=\"", before: "id=\"") { $0 },
    Mark(found: "href='#", before: "href='#") { $0 },
    Mark(found: "url(#", before: "url(#") { $0 },
    Mark(found: "font-family=\"DejaVu Sans\"", before: "font-family=\"") { _ in
      "DejaVu Sans,Verdana,sans-serif\""
    },
  ]

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

extension Substring {
  /// The first of several texts.
  fileprivate func firstRange(
    of marks: [SVGText.Mark]
  ) -> (mark: SVGText.Mark, range: Range<Index>)? {
    marks.compactMap { mark in
      firstRange(of: mark.found).map { (mark: mark, range: $0) }
    }.min { $0.range.lowerBound < $1.range.lowerBound }
  }
}
