/// Reads protobuf's binary format field by field, without schema and without recursion.
///
/// Every length is held against what is left of the message around it before it is used.
/// - Source: protobuf.dev, "Encoding".
struct WireReader {
  enum Value: Equatable {
    case varint(UInt64)
    /// Where four or eight bytes lie.
    case fixed32(Int)
    case fixed64(Int)
    /// Where a string, a message or a packed list lies.
    case bytes(Range<Int>)
  }

  private static let windowCount = 1 << 14

  let source: ByteSource
  private(set) var position: Int
  private let end: Int
  /// The part of the file that was read last, and where it begins.
  private var window: [UInt8] = []
  private var windowStart = 0

  /// - Parameter range: a message; nil for the whole file.
  init(_ source: ByteSource, _ range: Range<Int>? = nil) {
    self.source = source
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? source.count
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(WireError) -> (number: Int, value: Value)? {
    guard position < end else { return nil }
    let start = position
    let tag = try varint()
    let number = tag >> 3
    guard number >= 1, number < 1 << 29 else {
      throw WireError("byte \(start) does not begin a field")
    }
    switch tag & 7 {
    case 0: return (Int(number), .varint(try varint()))
    case 1: return (Int(number), .fixed64(try skip(8)))
    case 2:
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw WireError(
          "the field at byte \(start) claims \(length) bytes where \(end - position) are left")
      }
      let begin = try skip(Int(length))
      return (Int(number), .bytes(begin..<position))
    case 5: return (Int(number), .fixed32(try skip(4)))
    default: throw WireError("the field at byte \(start) has an invalid type")
    }
  }

  /// The next element of a packed list of numbers, or nil at its end.
  mutating func nextVarint() throws(WireError) -> UInt64? {
    position < end ? try varint() : nil
  }

  /// Moves on over fields of four bytes that all begin with the byte `tag`: a list that is not
  /// packed.
  /// - Returns: how many there were.
  mutating func skipRun(of tag: UInt8) throws(WireError) -> Int {
    var count = 0
    while end - position >= 5 {
      try fill()
      let first = position - windowStart
      var index = first
      let last = min(window.count, end - windowStart)
      while index + 5 <= last, window[index] == tag { index += 5 }
      if index == first { break }
      count += (index - first) / 5
      position = windowStart + index
    }
    return count
  }

  private mutating func skip(_ count: Int) throws(WireError) -> Int {
    guard count <= end - position else {
      throw WireError(
        "byte \(position) is the last but \(end - position) where \(count) are needed")
    }
    let start = position
    position += count
    return start
  }

  private mutating func varint() throws(WireError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    let start = position
    while position < end {
      if !(windowStart..<windowStart + window.count).contains(position) { try fill() }
      let byte = window[position - windowStart]
      position += 1
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
      guard shift < 70 else { break }
    }
    throw WireError("the number at byte \(start) does not end")
  }

  /// Makes the window begin at the position, if less than one field of it is left.
  private mutating func fill() throws(WireError) {
    let left = windowStart + window.count - position
    guard position < windowStart || left < min(16, end - position) else { return }
    let count = min(Self.windowCount, end - position)
    do throws(CaffeModelError) {
      window = try source.bytes(at: position, count: count)
    } catch {
      throw WireError(error.description)
    }
    windowStart = position
  }
}

/// What is wrong with a binary file: half a sentence.
struct WireError: Error, Equatable {
  var reason: String
  init(_ reason: String) { self.reason = reason }
}

/// Bytes of protobuf's binary format.
enum WireWriter {
  enum Kind: UInt64 {
    case varint = 0
    case bytes = 2
    case fixed32 = 5
  }

  static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    return bytes
  }

  static func tag(_ number: Int, _ kind: Kind) -> [UInt8] {
    varint(UInt64(number) << 3 | kind.rawValue)
  }

  /// The head of a field whose bytes follow.
  static func head(_ number: Int, count: Int) -> [UInt8] {
    tag(number, .bytes) + varint(UInt64(count))
  }
}
