/// Reads protobuf's text format into its fields, knowing the syntax but no schema.
struct PrototxtScanner {
  /// Levels of messages inside each other; Caffe's own files have five.
  static let depthLimit = 32
  /// Bytes of a description; Caffe's largest public ones have 100 000.
  static let byteLimit = 8 << 20

  private enum Token: Equatable {
    case word(String)
    case string(String)
    case punctuation(Character)
    case end
  }

  private let text: [UInt8]
  private var position = 0
  private var line = 1

  /// The fields of the outermost message.
  static func message(of text: String) throws(CaffeModelError) -> PrototxtMessage {
    let bytes = Array(text.utf8)
    guard bytes.count <= byteLimit else {
      throw .tooLarge(byteCount: bytes.count, limit: byteLimit)
    }
    var scanner = PrototxtScanner(text: bytes)
    return try scanner.message(until: nil, opened: 1, depth: 0)
  }

  private init(text: [UInt8]) { self.text = text }

  /// - Parameters:
  ///   - closer: the brace that ends the message; nil at the top, which the end of the text ends.
  ///   - opened: the line of the opening brace.
  private mutating func message(
    until closer: Character?, opened: Int, depth: Int
  ) throws(CaffeModelError) -> PrototxtMessage {
    guard depth <= Self.depthLimit else {
      throw .syntax(
        line: line, reason: "messages are nested more than \(Self.depthLimit) levels deep")
    }
    var message = PrototxtMessage()
    while true {
      switch try next() {
      case .end:
        if closer == nil { return message }
        throw .syntax(line: opened, reason: "the '{' of this line is never closed")
      case .punctuation(let mark) where mark == "," || mark == ";": continue
      case .punctuation(let mark) where mark == closer: return message
      case .word(let name):
        try appendValues(of: name, to: &message, depth: depth)
      case .punctuation(let mark): throw unexpected("'\(mark)'")
      case .string(let string): throw unexpected(string)
      }
    }
  }

  /// Reads what follows a field name and records the field, or one for each value of a list.
  private mutating func appendValues(
    of name: String, to message: inout PrototxtMessage, depth: Int
  ) throws(CaffeModelError) {
    let start = line
    var token = try next()
    let hasColon = token == .punctuation(":")
    if hasColon { token = try next() }
    switch token {
    case .punctuation(let mark) where mark == "{" || mark == "<":
      let inner = try self.message(
        until: mark == "{" ? "}" : ">", opened: line, depth: depth + 1)
      message.fields.append(PrototxtField(name: name, line: start, value: .message(inner)))
    case .punctuation("[") where hasColon:
      while true {
        switch try next() {
        case .word(let value), .string(let value):
          message.fields.append(PrototxtField(name: name, line: line, value: .scalar(value)))
        case .punctuation(","): continue
        case .punctuation("]"): return
        default: throw unexpected("what stands in the list of '\(name)'")
        }
      }
    case .word(let value) where hasColon, .string(let value) where hasColon:
      message.fields.append(PrototxtField(name: name, line: start, value: .scalar(value)))
    default: throw .syntax(line: start, reason: "'\(name)' has no value")
    }
  }

  private mutating func next() throws(CaffeModelError) -> Token {
    skipBlanks()
    guard position < text.count else { return .end }
    let start = position
    let byte = text[position]
    if Self.isWord(byte) {
      while position < text.count, Self.isWord(text[position]) { position += 1 }
      return .word(String(decoding: text[start..<position], as: UTF8.self))
    }
    position += 1
    guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") else {
      return .punctuation(Character(UnicodeScalar(byte)))
    }
    while position < text.count, text[position] != byte, text[position] != UInt8(ascii: "\n") {
      position += text[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard position < text.count, text[position] == byte else {
      throw .syntax(line: line, reason: "a string is never closed")
    }
    position += 1
    return .string(String(decoding: text[start..<position], as: UTF8.self))
  }

  private mutating func skipBlanks() {
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "#"):
        while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
      case UInt8(ascii: "\n"):
        line += 1
        position += 1
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      default: return
      }
    }
  }

  /// Letters, digits, and what numbers have: sign and point.
  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
      UInt8(ascii: "-"), UInt8(ascii: "+"):
      true
    default: false
    }
  }

  private func unexpected(_ what: String) -> CaffeModelError {
    .syntax(line: line, reason: "\(what) is not expected here")
  }
}
