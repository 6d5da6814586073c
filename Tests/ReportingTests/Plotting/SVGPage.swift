import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Texts and ids of a picture.
final class SVGPage: NSObject, XMLParserDelegate {
  struct Text {
    var words: String
    var left, right, top, bottom: Double

    func overlaps(_ other: Text) -> Bool {
      left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }
  }

  private(set) var texts: [Text] = []
  private(set) var ids: Set<String> = []
  private(set) var references: Set<String> = []
  private(set) var title = ""

  private var words: String?
  private var titleIsOpen = false
  private var places: [(x: Double, y: Double, angle: Double, size: Double, anchor: String)?] = []

  init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    guard parser.parse() else { throw parser.parserError ?? CocoaError(.fileReadCorruptFile) }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String] = [:]
  ) {
    if let id = attributes["id"] { ids.insert(id) }
    for value in attributes.values {
      if value.hasPrefix("#"), attributes["xlink:href"] == value {
        references.insert(String(value.dropFirst()))
      }
      if value.hasPrefix("url(#") { references.insert(String(value.dropFirst(5).dropLast())) }
    }
    if name == "g" { places.append(place(attributes)) }
    if name == "text" { words = "" }
    if name == "title" { titleIsOpen = true }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    words?.append(string)
    if titleIsOpen { title += string }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) {
    if name == "title" { titleIsOpen = false }
    if name == "text", let text = words, let place = places.last ?? nil {
      add(text.trimmingCharacters(in: .whitespaces), place)
    }
    if name == "text" { words = nil }
    if name == "g" { places.removeLast() }
  }

  /// Of a group that holds a text.
  private func place(
    _ attributes: [String: String]
  ) -> (x: Double, y: Double, angle: Double, size: Double, anchor: String)? {
    guard let size = attributes["font-size"].flatMap(Double.init),
      let transform = attributes["transform"]
    else { return nil }
    let numbers = transform.split { !"0123456789.-".contains($0) }.compactMap { Double($0) }
    guard numbers.count >= 2 else { return nil }
    return (
      numbers[0], numbers[1], numbers.count > 2 ? numbers[2] : 0, size,
      attributes["text-anchor"] ?? "start"
    )
  }

  private func add(
    _ words: String, _ place: (x: Double, y: Double, angle: Double, size: Double, anchor: String)
  ) {
    guard !words.isEmpty else { return }
    // DejaVu Sans has about 0.55 of its size for a letter, on average.
    let width = Double(words.count) * place.size * 0.52
    let ascent = place.size * 0.7
    let start =
      switch place.anchor {
      case "end": -width
      case "middle": -width / 2
      default: 0.0
      }
    if place.angle == 0 {
      texts.append(
        Text(
          words: words, left: place.x + start, right: place.x + start + width,
          top: place.y - ascent, bottom: place.y))
    } else {
      // Turned by a quarter to the left: it runs upwards.
      texts.append(
        Text(
          words: words, left: place.x - ascent, right: place.x, top: place.y - start - width,
          bottom: place.y - start))
    }
  }
}
