import CSupport

/// PNG through libpng's simplified interface, which takes a file in memory and never jumps.
enum PNGReader {
  static func read(
    _ bytes: [UInt8], path: String, library: String, check: RGBImage.Check
  ) throws(ImageError) -> RGBImage {
    let chunks = try PNGChunks(bytes, path: path)
    let (width, height) = (chunks.width, chunks.height)
    try check(width, height)
    var api = alex_png_api()
    try ImageFile.open(library, package: "libpng16-16", for: path, &api, alex_png_bind)
    // Without the fourth channel where there is none: the buffer is smaller.
    let channels = chunks.hasAlpha ? 4 : 3
    var samples = [UInt8](repeating: 0, count: channels * width * height)
    let failure = chunks.essential.withUnsafeBytes { file in
      samples.withUnsafeMutableBytes { buffer in
        decode(file, into: buffer, width: width, channels: channels, api)
      }
    }
    if let failure { throw .corrupt(path: path, reason: failure) }
    if channels == 4 { samples = withoutAlpha(samples) }
    return RGBImage(width: width, height: height, samples: samples)
  }

  /// - Returns: what is wrong, or nil.
  private static func decode(
    _ file: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer, width: Int,
    channels: Int, _ api: alex_png_api
  ) -> String? {
    var image = alex_png_image()
    image.version = UInt32(ALEX_PNG_VERSION)
    defer { api.image_free(&image) }
    guard api.image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0 else {
      return message(of: image)
    }
    guard Int(image.width) * Int(image.height) * channels == buffer.count else {
      return "its size is not that of its header"
    }
    image.format = UInt32(channels == 4 ? ALEX_PNG_RGBA : ALEX_PNG_RGB)
    image.flags |= UInt32(ALEX_PNG_16_BIT_SRGB)
    let pitch = Int32(width * channels)
    guard api.image_finish_read(&image, nil, buffer.baseAddress, pitch, nil) != 0 else {
      return message(of: image)
    }
    return nil
  }

  private static func message(of image: alex_png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// The reference example drops the fourth channel as it is.
  private static func withoutAlpha(_ samples: [UInt8]) -> [UInt8] {
    let count = samples.count / 4
    return [UInt8](unsafeUninitializedCapacity: 3 * count) { result, done in
      for pixel in 0..<count {
        for channel in 0..<3 { result[3 * pixel + channel] = samples[4 * pixel + channel] }
      }
      done = 3 * count
    }
  }
}

/// The chunks of a PNG file.
/// - Source: Portable Network Graphics Specification (Second Edition), sections 5 and 11.
struct PNGChunks {
  static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  let width: Int
  let height: Int
  /// Whether pixels have a fourth sample; transparency by colour (tRNS) aside.
  let hasAlpha: Bool
  /// The file without all chunks that are not needed to decode. Those about gamma, colour spaces
  /// and transparency would make the library compute other samples than are in the file.
  let essential: [UInt8]

  init(_ bytes: [UInt8], path: String) throws(ImageError) {
    func bad(_ reason: String) -> ImageError { .corrupt(path: path, reason: reason) }
    func number(at offset: Int) -> Int {
      bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    var essential = Self.signature
    var header: Int?
    var position = Self.signature.count
    var hasEnd = false
    while !hasEnd {
      // Length, type, data, checksum.
      guard bytes.count - position >= 12 else { throw bad("it is cut off") }
      let length = number(at: position)
      guard length <= bytes.count - position - 12 else { throw bad("it is cut off") }
      let type = String(decoding: bytes[position + 4..<position + 8], as: UTF8.self)
      if header == nil {
        guard type == "IHDR", length == 13 else { throw bad("its header is missing") }
        header = position + 8
      }
      if ["IHDR", "PLTE", "IDAT", "IEND"].contains(type) {
        essential += bytes[position..<position + 12 + length]
      }
      hasEnd = type == "IEND"
      position += 12 + length
    }
    guard let header else { throw bad("its header is missing") }
    width = number(at: header)
    height = number(at: header + 4)
    hasAlpha = bytes[header + 9] & 4 != 0
    self.essential = essential
  }
}
