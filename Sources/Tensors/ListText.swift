/// Lists as options take them: elements separated by commas, of which `\,` is one inside an element.
public enum ListText {
  /// The elements; empty ones where two commas meet.
  public static func elements(of text: String) -> [String] {
    var elements = [String.UnicodeScalarView()]
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      if scalar == "\\", rest.first == "," {
        elements[elements.count - 1].append(rest.removeFirst())
      } else if scalar == "," {
        elements.append(String.UnicodeScalarView())
      } else {
        elements[elements.count - 1].append(scalar)
      }
    }
    return elements.map { String($0) }
  }

  /// An element as it stands in a list.
  public static func escaped(_ element: String) -> String {
    String(
      String.UnicodeScalarView(element.unicodeScalars.flatMap { $0 == "," ? ["\\", $0] : [$0] }))
  }
}
