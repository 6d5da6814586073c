/// A message in protobuf's text format, field by field as it stands in the file.
///
/// SwiftProtobuf's text decoder reports neither line nor field; a useful message needs both. The
/// older syntaxes are also upgraded in this form, in which every field keeps its line.
struct PrototxtMessage: Equatable {
  var fields: [PrototxtField] = []

  /// All fields of that name.
  subscript(name: String) -> [PrototxtField] { fields.filter { $0.name == name } }

  /// The last scalar of that name, without quotes, as protobuf takes the last of several.
  func scalar(_ name: String) -> String? { self[name].last?.unquoted }

  /// The line of the field at that path, nil when it is not there.
  func line(of path: String) -> Int? {
    var message = self
    var found: PrototxtField?
    for name in path.split(separator: ".") {
      guard let field = message[String(name)].last else { return nil }
      found = field
      message = field.message ?? PrototxtMessage()
    }
    return found?.line
  }

  /// In the text format, in one line.
  var text: String {
    var text = ""
    append(to: &text)
    return text
  }

  private func append(to text: inout String) {
    for field in fields {
      text += field.name
      switch field.value {
      case .scalar(let value): text += ": \(value) "
      case .message(let message):
        text += " { "
        message.append(to: &text)
        text += "} "
      }
    }
  }
}

/// A field with its value and the line on which it stands.
struct PrototxtField: Equatable {
  enum Value: Equatable {
    /// The source text of a number, a name, or a string with its quotes.
    case scalar(String)
    case message(PrototxtMessage)
  }

  var name: String
  var line: Int
  var value: Value

  var message: PrototxtMessage? {
    if case .message(let message) = value { message } else { nil }
  }

  /// The scalar without its quotes.
  var unquoted: String? {
    guard case .scalar(let value) = value else { return nil }
    guard value.count >= 2, value.first == "\"" || value.first == "'" else { return value }
    return String(value.dropFirst().dropLast())
  }

  /// The same value under another name.
  func renamed(_ name: String) -> PrototxtField {
    PrototxtField(name: name, line: line, value: value)
  }
}
