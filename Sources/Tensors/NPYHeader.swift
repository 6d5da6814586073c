/// The dictionary at the head of an `.npy` file: a Python literal with three keys.
struct NPYHeader {
  /// For example `<f4`.
  private(set) var element = ""
  private(set) var isFortran = false
  private(set) var shape: [Int] = []

  private var text: [UInt8]
  private var position = 0
  private let corrupt: (String) -> NPYError

  init(_ text: [UInt8], corrupt: @escaping (String) -> NPYError) throws(NPYError) {
    self.text = text
    self.corrupt = corrupt
    var seen: Set<String> = []
    try expect("{")
    while !take("}") {
      let key = try string()
      guard seen.insert(key).inserted else { throw bad("'\(key)' stands there twice") }
      try expect(":")
      switch key {
      case "descr": element = try string()
      case "fortran_order":
        let word = word()
        guard word == "True" || word == "False" else { throw bad("'fortran_order' is no boolean") }
        isFortran = word == "True"
      case "shape": shape = try tuple()
      default: throw bad("'\(key)' is not known")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    guard seen.count == 3 else { throw bad("it lacks 'descr', 'fortran_order' or 'shape'") }
    skipBlanks()
    guard position == text.count else { throw bad("something follows the dictionary") }
  }

  private mutating func tuple() throws(NPYError) -> [Int] {
    var extents: [Int] = []
    try expect("(")
    while !take(")") {
      guard let extent = Int(word()), extent >= 0 else {
        throw bad("its shape is no list of sizes")
      }
      guard extents.count < 32 else { throw bad("its shape has too many axes") }
      extents.append(extent)
      if !take(",") {
        try expect(")")
        break
      }
    }
    return extents
  }

  private mutating func string() throws(NPYError) -> String {
    skipBlanks()
    guard position < text.count,
      text[position] == UInt8(ascii: "'") || text[position] == UInt8(ascii: "\"")
    else { throw bad("a string is missing") }
    let quote = text[position]
    let start = position + 1
    guard let end = text[start...].firstIndex(of: quote) else { throw bad("a string does not end") }
    position = end + 1
    return String(decoding: text[start..<end], as: UTF8.self)
  }

  /// Letters and digits.
  private mutating func word() -> String {
    skipBlanks()
    let start = position
    while position < text.count {
      let character = Character(UnicodeScalar(text[position]))
      guard character.isASCII, character.isLetter || character.isNumber else { break }
      position += 1
    }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func expect(_ mark: Character) throws(NPYError) {
    guard take(mark) else { throw bad("'\(mark)' is missing") }
  }

  private mutating func take(_ mark: Character) -> Bool {
    skipBlanks()
    guard position < text.count, text[position] == mark.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() {
    while position < text.count, text[position] == 0x20 || text[position] == 0x0a { position += 1 }
  }

  private func bad(_ reason: String) -> NPYError { corrupt("in its header \(reason)") }
}
