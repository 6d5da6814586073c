/// A message as it stands in a file, field by field with its line.
///
/// Useful errors need the line and the field of what is wrong, which protobuf libraries do not keep; the
/// older syntaxes are upgraded in this form as well. ``Schema`` knows what the fields mean.
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
}

/// The values of a message that ``check(as:layer:path:)`` has passed.
extension PrototxtMessage {
  private func values<Value>(_ name: String, _ read: (String) -> Value?) -> [Value] {
    self[name].compactMap { field in
      if case .scalar(let text) = field.value { read(text) } else { nil }
    }
  }

  func ints(_ name: String) -> [Int] { values(name, ScalarText.integer) }
  func int(_ name: String) -> Int? { ints(name).last }
  func floats(_ name: String) -> [Float] { values(name, ScalarText.float) }
  func float(_ name: String) -> Float? { floats(name).last }
  func bool(_ name: String) -> Bool? { values(name, ScalarText.bool).last }
  func texts(_ name: String) -> [String] { values(name, ScalarText.string) }
  func text(_ name: String) -> String? { texts(name).last }
  /// A value of an enumeration, given by name or by number.
  /// - Parameter names: by number.
  func choice(_ name: String, among names: [String]) -> String? {
    guard let text = scalar(name) else { return nil }
    guard let number = Int(text), names.indices.contains(number) else { return text }
    return names[number]
  }
  func messages(_ name: String) -> [PrototxtMessage] { self[name].compactMap(\.message) }
  /// The message of that name, empty where there is none; several are merged, as by protobuf.
  func message(_ name: String) -> PrototxtMessage {
    PrototxtMessage(fields: messages(name).flatMap(\.fields))
  }
}

/// A field with its value and the line on which it stands.
struct PrototxtField: Equatable {
  enum Value: Equatable {
    /// The source text of a number, a name, or a string with its quotes.
    case scalar(String)
    case message(PrototxtMessage)

    var isMessage: Bool { if case .message = self { true } else { false } }
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

  /// Whether it chooses an implementation, which every fork of Caffe has other names for and which does
  /// not change a result.
  var isEngine: Bool { name == "engine" }

  /// This value under another name.
  func renamed(_ name: String) -> PrototxtField {
    PrototxtField(name: name, line: line, value: value)
  }
}

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
  static func message(of bytes: [UInt8]) throws(CaffeModelError) -> PrototxtMessage {
    guard bytes.count <= byteLimit else {
      throw .tooLarge(byteCount: bytes.count, limit: byteLimit)
    }
    var scanner = PrototxtScanner(text: bytes)
    return try scanner.message(until: nil, opened: 1, depth: 0)
  }

  private init(text: [UInt8]) {
    self.text = text
    // The mark that some editors put before UTF-8.
    if text.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
  }

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
      case .punctuation(let mark): throw unexpected(Self.shown(mark))
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
    if token == .punctuation("[") {
      while true {
        token = try next()
        if token == .punctuation(",") { continue }
        if token == .punctuation("]") { return }
        let line = line
        guard let value = try readValue(token, depth: depth) else {
          throw unexpected("what stands in the list of '\(name)'")
        }
        message.fields.append(PrototxtField(name: name, line: line, value: value))
      }
    }
    // Only a message may follow its name without a colon.
    guard let value = try readValue(token, depth: depth), hasColon || value.isMessage else {
      throw .syntax(line: start, reason: "'\(name)' has no value")
    }
    message.fields.append(PrototxtField(name: name, line: start, value: value))
  }

  /// The value that begins with a token; nil where none can.
  private mutating func readValue(
    _ token: Token, depth: Int
  ) throws(CaffeModelError) -> PrototxtField.Value? {
    switch token {
    case .punctuation(let mark) where mark == "{" || mark == "<":
      return .message(
        try message(until: mark == "{" ? "}" : ">", opened: line, depth: depth + 1))
    // A sign may stand apart from its number.
    case .word("-"):
      guard case .word(let number) = try next(), !number.hasPrefix("-") else { return nil }
      return .scalar("-" + number)
    case .word(let word): return .scalar(word)
    case .string(var string):
      // Strings in a row are one.
      while true {
        skipBlanks()
        guard position < text.count, Self.isQuote(text[position]),
          case .string(let next) = try next()
        else { return .scalar(string) }
        guard let head = ScalarText.string(string), let tail = ScalarText.string(next) else {
          throw .syntax(line: line, reason: "a string has an escape that there is not")
        }
        string = ScalarText.quoted(head + tail)
      }
    default: return nil
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
    guard Self.isQuote(byte) else { return .punctuation(Character(UnicodeScalar(byte))) }
    while position < text.count, text[position] != byte, text[position] != UInt8(ascii: "\n") {
      position += text[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard position < text.count, text[position] == byte else {
      throw .syntax(line: line, reason: "a string is never closed")
    }
    position += 1
    return .string(ScalarText.decoded(text[start..<position]))
  }

  private mutating func skipBlanks() {
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "#"):
        while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
      case UInt8(ascii: "\n"):
        line += 1
        position += 1
      case let byte where Self.isBlank(byte): position += 1
      default: return
      }
    }
  }

  /// White space as protobuf's tokenizer takes it, vertical tab and form feed included.
  static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || (UInt8(ascii: "\t")...UInt8(ascii: "\r")).contains(byte)
  }

  private static func isQuote(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
  }

  /// A character for a sentence; one that cannot be seen by its number.
  private static func shown(_ mark: Character) -> String {
    guard let value = mark.unicodeScalars.first?.value, !(0x21...0x7e).contains(value) else {
      return "'\(mark)'"
    }
    let hexadecimal = String(value, radix: 16, uppercase: true)
    return "the byte 0x\(value < 16 ? "0" : "")\(hexadecimal)"
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
