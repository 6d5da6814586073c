/// The messages of Caffe's file format: what `caffe.proto` declares.
///
/// Messages are kept as they stand in a text, field by field with its line (``PrototxtMessage``); the
/// schema checks them, and translates them from and to protobuf's binary format.
struct Schema: Sendable {
  enum Kind: Hashable, Sendable {
    case int32, int64, uint32, float, bool, string
    /// An index into ``Schema/messages``.
    case message(Int)
    case enumeration([String: Int])
  }

  struct Field: Hashable, Sendable {
    var name: String
    var number: Int
    var kind: Kind
    var isRepeated: Bool
    var isPacked: Bool
  }

  struct Message: Hashable, Sendable {
    var name: String
    var fields: [Field] = []

    func field(_ name: String) -> Field? { fields.first { $0.name == name } }
    func field(_ number: Int) -> Field? { fields.first { $0.number == number } }
  }

  let messages: [Message]

  static let caffe = Schema(
    declarations: String(decoding: PackageResources.caffe_proto, as: UTF8.self))
  /// The outermost message.
  static let net = caffe.message("NetParameter")
  static let layer = caffe.message("LayerParameter")
  static let rule = caffe.message("NetStateRule")

  /// Precondition: there is such a message.
  func message(_ name: String) -> Message {
    guard let message = messages.first(where: { $0.name == name }) else {
      preconditionFailure("caffe.proto declares no message '\(name)'")
    }
    return message
  }

  /// The message that a field holds; nil for a scalar.
  func message(of field: Field) -> Message? {
    if case .message(let index) = field.kind { messages[index] } else { nil }
  }

  // MARK: caffe.proto

  /// Reads the part of protobuf's language that `caffe.proto` uses.
  private init(declarations text: String) {
    let code = text.split(separator: "\n").map { $0.prefix { $0 != "/" } }.joined(separator: " ")
    // Punctuation apart from words.
    let spaced = code.map { "{};[".contains($0) ? " \($0) " : String($0) }.joined()
    var words = ArraySlice(spaced.split(separator: " ").map(String.init))
    var names: [String] = []
    /// By their names, with that of the message around them.
    var enumerations: [String: [String: Int]] = [:]
    var fields: [(message: Int, words: [String])] = []
    var open: [Int] = []
    while let word = words.popFirst() {
      switch word {
      case "message":
        open.append(names.count)
        names.append(words.removeFirst())
        words.removeFirst()
      case "enum":
        let name = (open.last.map { names[$0] + "." } ?? "") + words.removeFirst()
        let end = words.firstIndex(of: "}") ?? words.endIndex
        let body = words[words.startIndex + 1..<end].split(separator: ";").map(Array.init)
        enumerations[name] = Dictionary(uniqueKeysWithValues: body.map { ($0[0], Int($0[2]) ?? 0) })
        words = words[(end + 1)...]
      case "}": open.removeLast()
      case "optional", "repeated":
        let end = words.firstIndex(of: ";") ?? words.endIndex
        if let message = open.last { fields.append((message, [word] + words[..<end])) }
        words = words[end...]
      default: continue
      }
    }
    let scalars: [String: Kind] = [
      "int32": .int32, "int64": .int64, "uint32": .uint32, "float": .float, "bool": .bool,
      "string": .string,
    ]
    var messages = names.map { Message(name: $0) }
    for (message, words) in fields {
      let kind =
        scalars[words[1]] ?? names.firstIndex(of: words[1]).map { .message($0) }
        ?? (enumerations["\(names[message]).\(words[1])"] ?? enumerations[words[1]]).map {
          .enumeration($0)
        }
      guard let kind, let number = Int(words[4]) else {
        preconditionFailure("caffe.proto declares the field \(words.joined(separator: " "))")
      }
      messages[message].fields.append(
        Field(
          name: words[2], number: number, kind: kind, isRepeated: words[0] == "repeated",
          isPacked: words.contains("packed")))
    }
    self.messages = messages
  }
}

// MARK: Scalars

extension Schema.Kind {
  /// Whether a text can be a value.
  func allows(_ text: String) -> Bool {
    switch self {
    case .int32: ScalarText.integer(text).map { Int32(exactly: $0) != nil } ?? false
    case .int64: ScalarText.integer(text) != nil
    case .uint32: ScalarText.integer(text).map { UInt32(exactly: $0) != nil } ?? false
    case .float: ScalarText.float(text) != nil
    case .bool: ScalarText.bool(text) != nil
    case .string: ScalarText.string(text) != nil
    case .enumeration(let values):
      values[text] != nil || values.values.contains { "\($0)" == text }
    case .message: false
    }
  }
}

/// Scalars as protobuf's text format writes them.
enum ScalarText {
  /// Decimal, hexadecimal or octal.
  static func integer(_ text: String) -> Int? {
    let isNegative = text.hasPrefix("-")
    let digits = isNegative ? text.dropFirst() : text[...]
    guard let first = digits.utf8.first, (48...57).contains(first) else { return nil }
    let value: Int?
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      value =
        digits.dropFirst(2).contains("-") || digits.dropFirst(2).contains("+")
        ? nil : Int(digits.dropFirst(2), radix: 16)
    } else {
      value = digits.hasPrefix("0") ? Int(digits, radix: 8) : Int(digits)
    }
    return value.map { isNegative ? -$0 : $0 }
  }

  static func float(_ text: String) -> Float? {
    let isNegative = text.hasPrefix("-")
    var digits = (isNegative ? text.dropFirst() : text[...]).lowercased()
    if digits == "nan" { return .nan }
    if digits == "inf" || digits == "infinity" { return isNegative ? -.infinity : .infinity }
    if digits.hasSuffix("f") { digits.removeLast() }
    guard let first = digits.first, first.isNumber || first == ".",
      digits.allSatisfy({ "0123456789.e+-".contains($0) }), let value = Double(digits)
    else { return nil }
    return Float(isNegative ? -value : value)
  }

  static func bool(_ text: String) -> Bool? {
    switch text {
    case "true", "True", "t", "T", "1": true
    case "false", "False", "f", "F", "0": false
    default: nil
    }
  }

  /// What stands between quotes, escapes resolved.
  static func string(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 2, bytes[0] == 34 || bytes[0] == 39, bytes[bytes.count - 1] == bytes[0]
    else { return nil }
    var result: [UInt8] = []
    var rest = bytes[1..<bytes.count - 1]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      guard let escape = rest.popFirst() else { return nil }
      /// A number of some digits, the first perhaps given.
      func number(_ start: [UInt8], radix: Int, count: Int) -> UInt8? {
        var digits = start
        while digits.count < count, let next = rest.first,
          Int(String(UnicodeScalar(next)), radix: radix) != nil
        { digits.append(rest.removeFirst()) }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: radix)
      }
      let resolved: UInt8?
      switch escape {
      case UInt8(ascii: "a"): resolved = 7
      case UInt8(ascii: "b"): resolved = 8
      case UInt8(ascii: "t"): resolved = 9
      case UInt8(ascii: "n"): resolved = 10
      case UInt8(ascii: "v"): resolved = 11
      case UInt8(ascii: "f"): resolved = 12
      case UInt8(ascii: "r"): resolved = 13
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "?"):
        resolved = escape
      case UInt8(ascii: "x"), UInt8(ascii: "X"): resolved = number([], radix: 16, count: 2)
      case UInt8(ascii: "0")...UInt8(ascii: "7"): resolved = number([escape], radix: 8, count: 3)
      default: resolved = nil
      }
      guard let resolved else { return nil }
      result.append(resolved)
    }
    return decoded(result[...])
  }

  /// Bytes as text: UTF-8, or else Latin-1, in which all bytes are. Caffe takes names for bytes; two
  /// that differ still do.
  static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    String(validating: bytes, as: UTF8.self)
      ?? String(String.UnicodeScalarView(bytes.map { UnicodeScalar($0) }))
  }

  static func quoted(_ string: String) -> String {
    var text = "\""
    for character in string.unicodeScalars {
      switch character {
      case "\u{8}": text += "\\b"
      case "\t": text += "\\t"
      case "\n": text += "\\n"
      case "\u{b}": text += "\\v"
      case "\u{c}": text += "\\f"
      case "\r": text += "\\r"
      case "\"", "\\": text += "\\\(character)"
      case "\u{0}"..."\u{1f}", "\u{7f}":
        let octal = String(character.value, radix: 8)
        text += "\\" + String(repeating: "0", count: 3 - octal.count) + octal
      default: text.unicodeScalars.append(character)
      }
    }
    return text + "\""
  }
}

// MARK: Checks

extension PrototxtMessage {
  /// Refuses fields that the format does not have, and values that they cannot have.
  /// - Parameters:
  ///   - type: what the message is.
  ///   - layer: to be named in errors.
  func check(
    as type: Schema.Message, layer: String, path: String = ""
  ) throws(CaffeModelError) {
    for field in fields where !field.isEngine {
      let parameter = path + field.name
      guard let declared = type.field(field.name) else {
        throw .unsupportedParameter(layer: layer, parameter: parameter, line: field.line)
      }
      let inner = Schema.caffe.message(of: declared)
      switch (field.value, inner) {
      case (.message(let message), let inner?):
        try message.check(as: inner, layer: layer, path: parameter + ".")
      case (.scalar(let text), nil) where declared.kind.allows(text): continue
      default:
        throw .invalidValue(
          layer: layer, parameter: parameter, value: field.unquoted ?? "{ … }", line: field.line)
      }
    }
  }

  /// Refuses fields that stand several times where only one can count. What the format does not have is
  /// left to the checks of layers, which know better what to say.
  /// - Parameters:
  ///   - type: what the message is.
  ///   - layer: to be named in errors.
  func refuseDuplicates(
    as type: Schema.Message, layer: String = ""
  ) throws(CaffeModelError) {
    var seen: Set<String> = []
    for field in fields where !field.isEngine {
      guard let declared = type.field(field.name) else { continue }
      guard declared.isRepeated || seen.insert(field.name).inserted else {
        throw .unusableLayer(
          layer: layer, reason: "'\(field.name)' is given twice; only one can count",
          line: field.line)
      }
      guard let message = field.message, let inner = Schema.caffe.message(of: declared) else {
        continue
      }
      guard field.name == "layer" || field.name == "layers" else {
        try message.refuseDuplicates(as: inner, layer: layer)
        continue
      }
      // Of a layer that is not supported nothing else is said; one that a rule leaves out may be any.
      let described = message["layer"].last?.message ?? message
      if described.scalar("type").map(LayerType.isKnown) == false { continue }
      try message.refuseDuplicates(as: inner, layer: described.scalar("name") ?? layer)
    }
  }
}

// MARK: Binary format

extension PrototxtMessage {
  /// Where weights stand in a layer, in each syntax; they are left out.
  private static let blobFields = [
    "LayerParameter": 7, "V1LayerParameter": 6, "V0LayerParameter": 50,
  ]

  /// A net in binary form without its weights. A field that the format does not have gets its number
  /// for a name.
  init(binary source: ByteSource) throws(CaffeModelError) {
    var room = PrototxtScanner.byteLimit
    do throws(WireError) {
      try self.init(source, 0..<source.count, Schema.net, room: &room)
    } catch {
      throw .damaged(reason: error.reason)
    }
  }

  /// - Parameter room: bytes that may still come, weights not counted.
  private init(
    _ source: ByteSource, _ range: Range<Int>, _ type: Schema.Message, room: inout Int
  ) throws(WireError) {
    var reader = WireReader(source, range)
    var start = reader.position
    while let (number, value) = try reader.next() {
      let byteCount = reader.position - start
      start = reader.position
      if Self.blobFields[type.name] == number { continue }
      let field = type.field(number)
      if field?.name == "engine" { continue }
      if case .bytes(let inner) = value, let message = field.flatMap(Schema.caffe.message(of:)) {
        fields.append(
          PrototxtField(
            name: field?.name ?? "\(number)", line: 0,
            value: .message(try PrototxtMessage(source, inner, message, room: &room))))
        continue
      }
      room -= byteCount
      guard room >= 0 else {
        throw WireError(
          "its description has more than \(PrototxtScanner.byteLimit) bytes besides weights")
      }
      let texts = try field?.texts(value, source)
      for text in texts ?? ["0"] {
        fields.append(
          PrototxtField(
            name: texts == nil ? "\(number)" : field?.name ?? "", line: 0, value: .scalar(text)))
      }
    }
  }

  /// In the binary format.
  func bytes(as type: Schema.Message) -> [UInt8] {
    var result: [UInt8] = []
    for declared in type.fields.sorted(by: { $0.number < $1.number }) {
      let values = self[declared.name]
      if let inner = Schema.caffe.message(of: declared) {
        for message in values.compactMap(\.message) {
          let bytes = message.bytes(as: inner)
          result += WireWriter.head(declared.number, count: bytes.count) + bytes
        }
        continue
      }
      let encoded = values.compactMap { field -> [UInt8]? in
        if case .scalar(let text) = field.value { declared.kind.bytes(text) } else { nil }
      }
      if declared.isPacked && !encoded.isEmpty {
        let bytes = Array(encoded.joined())
        result += WireWriter.head(declared.number, count: bytes.count) + bytes
      } else {
        for bytes in encoded {
          result += WireWriter.tag(declared.number, declared.kind.wireKind) + bytes
        }
      }
    }
    return result
  }

  /// In the text format, fields in the order of their numbers, a line for each.
  func text(as type: Schema.Message, indent: String = "") -> String {
    var text = ""
    for declared in type.fields.sorted(by: { $0.number < $1.number }) {
      let values = self[declared.name]
      if declared.isPacked && !values.isEmpty {
        let list = values.compactMap(\.unquoted).joined(separator: ", ")
        text += "\(indent)\(declared.name): [\(list)]\n"
        continue
      }
      for field in values {
        switch (field.value, Schema.caffe.message(of: declared)) {
        case (.message(let message), let inner?):
          text += "\(indent)\(declared.name) {\n\(message.text(as: inner, indent: indent + "  "))"
          text += "\(indent)}\n"
        case (.scalar(let value), _): text += "\(indent)\(declared.name): \(value)\n"
        default: continue
        }
      }
    }
    return text
  }
}

extension Schema.Kind {
  fileprivate var wireKind: WireWriter.Kind {
    switch self {
    case .int32, .int64, .uint32, .bool, .enumeration: .varint
    case .float: .fixed32
    case .string, .message: .bytes
    }
  }

  /// A scalar without its tag. Precondition: ``allows(_:)``.
  fileprivate func bytes(_ text: String) -> [UInt8] {
    switch self {
    case .int32, .int64, .uint32:
      return WireWriter.varint(UInt64(bitPattern: Int64(ScalarText.integer(text) ?? 0)))
    case .bool: return [ScalarText.bool(text) == true ? 1 : 0]
    case .enumeration(let values): return WireWriter.varint(UInt64(values[text] ?? 0))
    case .float:
      return withUnsafeBytes(of: (ScalarText.float(text) ?? 0).bitPattern.littleEndian) {
        Array($0)
      }
    case .string:
      let bytes = Array((ScalarText.string(text) ?? "").utf8)
      return WireWriter.varint(UInt64(bytes.count)) + bytes
    case .message: return []
    }
  }
}

extension Schema.Field {
  /// The values of a field in binary form as texts; nil for what the field cannot have.
  fileprivate func texts(
    _ value: WireReader.Value, _ source: ByteSource
  ) throws(WireError) -> [String]? {
    func bytes(_ range: Range<Int>) throws(WireError) -> [UInt8] {
      guard range.count <= PrototxtScanner.byteLimit else { throw WireError("a field is too long") }
      do throws(CaffeModelError) {
        return try source.bytes(at: range.lowerBound, count: range.count)
      } catch {
        throw WireError(error.description)
      }
    }
    func float(_ bytes: ArraySlice<UInt8>) -> String {
      let bits = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      return ScalarText.text(Float(bitPattern: bits))
    }
    switch (kind, value) {
    case (.string, .bytes(let range)):
      return [ScalarText.quoted(ScalarText.decoded(try bytes(range)[...]))]
    case (.float, .fixed32(let at)): return [float(try bytes(at..<at + 4)[...])]
    case (.float, .bytes(let range)) where isRepeated:
      let values = try bytes(range)
      guard values.count % 4 == 0 else { throw WireError("the list of '\(name)' is cut off") }
      return stride(from: 0, to: values.count, by: 4).map { float(values[$0..<$0 + 4]) }
    case (.float, _), (.string, _), (.message, _): return nil
    case (_, .varint(let number)): return text(number).map { [$0] }
    case (_, .bytes(let range)) where isRepeated:
      var reader = WireReader(source, range)
      var texts: [String] = []
      while let number = try reader.nextVarint() {
        guard let text = text(number) else { return nil }
        texts.append(text)
      }
      return texts
    default: return nil
    }
  }

  /// As protobuf cuts a number to the type of its field.
  private func text(_ number: UInt64) -> String? {
    switch kind {
    case .int32: "\(Int32(truncatingIfNeeded: number))"
    case .int64: "\(Int64(bitPattern: number))"
    case .uint32: "\(UInt32(truncatingIfNeeded: number))"
    case .bool: number == 0 ? "false" : "true"
    case .enumeration(let values):
      values.first { $0.value == Int(Int32(truncatingIfNeeded: number)) }?.key
    case .float, .string, .message: nil
    }
  }
}

extension ScalarText {
  static func text(_ value: Float) -> String {
    value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : "\(value)"
  }
}
