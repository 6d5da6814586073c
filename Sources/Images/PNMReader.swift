/// Images of netpbm: P6 and P3 in colour, P5 and P2 in grey, one or two bytes a sample.
/// - Source: netpbm's manual pages ppm(5) and pgm(5).
struct PNMReader {
  private let bytes: [UInt8]
  private let path: String
  private var position = 2

  static func read(
    _ bytes: [UInt8], path: String, check: RGBImage.Check
  ) throws(ImageError) -> RGBImage {
    var reader = PNMReader(bytes: bytes, path: path)
    return try reader.image(check)
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

  private init(bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  private mutating func image(_ check: RGBImage.Check) throws(ImageError) -> RGBImage {
    let kind = bytes[1] - UInt8(ascii: "0")
    guard [2, 3, 5, 6].contains(kind) else {
      throw bad("it is a bitmap (P\(kind)); convert it to P6")
    }
    let width = try number("width")
    let height = try number("height")
    try check(width, height)
    let most = try number("largest value")
    guard (1...65535).contains(most) else { throw bad("its largest value \(most) is impossible") }
    let channels = kind == 3 || kind == 6 ? 3 : 1
    let isText = kind < 4
    if !isText {
      guard position < bytes.count, Self.isBlank(bytes[position]) else {
        throw bad("its header is cut off")
      }
      position += 1
    }
    // Held against what is left before memory is taken: a digit and a blank for each in text.
    let count = width * height * channels
    let needed = isText ? 2 * count - 1 : most > 255 ? 2 * count : count
    guard bytes.count - position >= needed else {
      throw bad(
        "\(bytes.count - position) bytes follow the header where \(needed) are needed at least")
    }
    var samples: [UInt8] = []
    samples.reserveCapacity(3 * width * height)
    for _ in 0..<count {
      let value = isText ? try number("sample") : binary(wide: most > 255)
      guard value <= most else { throw bad("it has a sample \(value) above its largest, \(most)") }
      // Rounded to the nearest, as Pillow does.
      let sample = most == 255 ? UInt8(value) : UInt8((value * 255 * 2 + most) / (2 * most))
      samples.append(sample)
      if channels == 1 {
        samples.append(sample)
        samples.append(sample)
      }
    }
    return RGBImage(width: width, height: height, samples: samples)
  }

  private mutating func binary(wide: Bool) -> Int {
    defer { position += wide ? 2 : 1 }
    return wide ? Int(bytes[position]) << 8 | Int(bytes[position + 1]) : Int(bytes[position])
  }

  /// The next number, after blanks and comments.
  private mutating func number(_ what: String) throws(ImageError) -> Int {
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "#") {
        while position < bytes.count, bytes[position] != 0x0a, bytes[position] != 0x0d {
          position += 1
        }
      } else if Self.isBlank(bytes[position]) {
        position += 1
      } else {
        break
      }
    }
    let start = position
    var value = 0
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
      guard position - start < 9 else { throw bad("its \(what) has too many digits") }
      value = 10 * value + Int(bytes[position] - 0x30)
      position += 1
    }
    guard position > start else {
      throw bad(position == bytes.count ? "it is cut off" : "a \(what) is no number")
    }
    return value
  }

  private func bad(_ reason: String) -> ImageError { .corrupt(path: path, reason: reason) }
}
