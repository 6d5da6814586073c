/// A field of a text-format message as it stands in the file.
///
/// SwiftProtobuf's text decoder reports neither line nor field; a useful message needs both.
struct PrototxtField {
  /// Names from the outermost message to the field itself.
  var path: [String]
  var line: Int
  /// The source text of a scalar; nil for a message.
  var value: String?
  /// Counts the fields of the outermost message, so that fields of one layer can be told from
  /// those of the next.
  var entry: Int

  /// The field alone, inside its messages: enough text to ask the decoder about it.
  var isolated: String {
    let leaf = path[path.count - 1] + (value.map { ": \($0)" } ?? " {}")
    let opening = path.dropLast().map { "\($0) { " }.joined()
    return opening + leaf + String(repeating: " }", count: path.count - 1)
  }

  /// The value without its quotes.
  var unquoted: String? {
    guard let value, value.count >= 2, value.first == "\"" || value.first == "'" else {
      return value
    }
    return String(value.dropFirst().dropLast())
  }
}

/// Splits protobuf's text format into its fields, knowing the syntax but no schema.
struct PrototxtScanner {
  private enum Token: Equatable {
    case word(String)
    case string(String)
    case punctuation(Character)
    case end
  }

  private let text: [UInt8]
  private var position = 0
  private var line = 1
  private var fields: [PrototxtField] = []

  /// All fields, messages before what is in them, in the order of the file.
  static func fields(of text: String) throws(CaffeModelError) -> [PrototxtField] {
    var scanner = PrototxtScanner(text: Array(text.utf8))
    try scanner.scan()
    return scanner.fields
  }

  private init(text: [UInt8]) { self.text = text }

  private mutating func scan() throws(CaffeModelError) {
    var path: [String] = []
    var openLines: [Int] = []
    var closers: [Character] = []
    var entry = -1
    while true {
      switch try next() {
      case .end:
        if let opened = openLines.last {
          throw .syntax(line: opened, reason: "the '{' of this line is never closed")
        }
        return
      case .punctuation(let mark) where mark == "," || mark == ";": continue
      case .punctuation(let mark) where mark == closers.last:
        closers.removeLast()
        openLines.removeLast()
        path.removeLast()
      case .word(let name):
        if path.isEmpty { entry += 1 }
        if let opening = try scanValues(of: name, path: path, entry: entry) {
          path.append(name)
          openLines.append(line)
          closers.append(opening == "{" ? "}" : ">")
        }
      case .punctuation(let mark): throw unexpected("'\(mark)'")
      case .string(let string): throw unexpected(string)
      }
    }
  }

  /// Reads what follows a field name and records the field.
  /// - Returns: the opening brace when the value is a message.
  private mutating func scanValues(
    of name: String, path: [String], entry: Int
  ) throws(CaffeModelError) -> Character? {
    let start = line
    func field(_ value: String?) -> PrototxtField {
      PrototxtField(path: path + [name], line: start, value: value, entry: entry)
    }
    var token = try next()
    let hasColon = token == .punctuation(":")
    if hasColon { token = try next() }
    switch token {
    case .punctuation(let mark) where mark == "{" || mark == "<":
      fields.append(field(nil))
      return mark
    case .punctuation("[") where hasColon:
      while true {
        switch try next() {
        case .word(let value), .string(let value): fields.append(field(value))
        case .punctuation(","): continue
        case .punctuation("]"): return nil
        default: throw unexpected("what stands in the list of '\(name)'")
        }
      }
    case .word(let value) where hasColon: fields.append(field(value))
    case .string(let value) where hasColon: fields.append(field(value))
    default: throw .syntax(line: start, reason: "'\(name)' has no value")
    }
    return nil
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
