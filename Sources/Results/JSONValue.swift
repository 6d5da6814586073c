/// A JSON value that is kept or shown without being interpreted.
package enum JSONValue: Hashable, Sendable, Codable {
  case null
  case flag(Bool)
  case whole(Int)
  case unsigned(UInt64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let whole = try? value.decode(Int.self) {
      self = .whole(whole)
    } else if let unsigned = try? value.decode(UInt64.self) {
      self = .unsigned(unsigned)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .string(text)
    } else if let elements = try? value.decode([JSONValue].self) {
      self = .array(elements)
    } else {
      self = .object(try value.decode([String: JSONValue].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .flag(let value): try container.encode(value)
    case .whole(let value): try container.encode(value)
    case .unsigned(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let values): try container.encode(values)
    case .object(let members): try container.encode(members)
    }
  }

  var isObject: Bool {
    if case .object = self { return true }
    return false
  }

  var text: String {
    switch self {
    case .null: ""
    case .flag(let value): String(value)
    case .whole(let value): String(value)
    case .unsigned(let value): String(value)
    case .number(let value): String(value)
    case .string(let value): value
    case .array(let elements): elements.map(\.text).joined(separator: " ")
    case .object: ""
    }
  }

  /// What an element of a list is known by: a library's name, a cache's level and type.
  var name: String? {
    guard case .object(let members) = self else { return nil }
    if case .string(let name)? = members["name"] { return name }
    if let level = members["level"], let type = members["type"] {
      return "L\(level.text) \(type.text)"
    }
    return nil
  }
}
