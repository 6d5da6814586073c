/// Bytes of protobuf's binary format.
enum WireWriter {
  enum Kind: UInt64 {
    case varint = 0
    case bytes = 2
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
