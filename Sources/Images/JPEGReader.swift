import CSupport

/// JPEG through libjpeg-turbo's own interface (TurboJPEG): plain functions, which never jump.
enum JPEGReader {
  static func read(
    _ bytes: [UInt8], path: String, library: String, check: RGBImage.Check
  ) throws(ImageError) -> RGBImage {
    var api = alex_jpeg_api()
    try ImageFile.open(library, package: "libturbojpeg0", for: path, &api, alex_jpeg_bind)
    guard let handle = api.InitDecompress() else {
      throw .library(path: path, reason: "\(library) makes no decoder")
    }
    defer { _ = api.Destroy(handle) }

    var (width, height, subsampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    let count = UInt(bytes.count)
    let headerCode = api.DecompressHeader3(
      handle, bytes, count, &width, &height, &subsampling, &space)
    if headerCode != 0, api.GetErrorCode(handle) != Int32(ALEX_JPEG_WARNING) {
      throw .corrupt(path: path, reason: message(api, handle))
    }
    try check(Int(width), Int(height))

    let isCMYK = [Int32(ALEX_JPEG_SPACE_CMYK), Int32(ALEX_JPEG_SPACE_YCCK)].contains(space)
    let channels = isCMYK ? 4 : 3
    var samples = [UInt8](repeating: 0, count: channels * Int(width) * Int(height))
    let code = api.Decompress2(
      handle, bytes, count, &samples, width, 0, height,
      Int32(isCMYK ? ALEX_JPEG_CMYK : ALEX_JPEG_RGB), Int32(ALEX_JPEG_FLAGS))
    var note: String?
    if code != 0 {
      let text = message(api, handle)
      // What is missing would be grey: no right answer.
      guard api.GetErrorCode(handle) == Int32(ALEX_JPEG_WARNING),
        !text.contains("Premature end"), hasEnd(bytes)
      else { throw .corrupt(path: path, reason: text) }
      note = text
    }
    if isCMYK { samples = rgb(ofInvertedCMYK: samples) }
    return RGBImage(width: Int(width), height: Int(height), samples: samples, note: note)
  }

  /// Whether an end follows the last scan. Neither mark occurs inside the data of a scan.
  private static func hasEnd(_ bytes: [UInt8]) -> Bool {
    var index = bytes.count - 2
    while index >= 0 {
      if bytes[index] == 0xff {
        if bytes[index + 1] == 0xd9 { return true }
        if bytes[index + 1] == 0xda { return false }
      }
      index -= 1
    }
    return false
  }

  private static func message(_ api: alex_jpeg_api, _ handle: UnsafeMutableRawPointer) -> String {
    api.GetErrorStr2(handle).map { String(cString: $0) } ?? "the library gives no reason"
  }

  /// Ink to light. As Adobe's programs write them, and Pillow takes all to be: 255 is no ink.
  /// - Source: Pillow, src/libImaging/Convert.c, `cmyk2rgb`.
  private static func rgb(ofInvertedCMYK samples: [UInt8]) -> [UInt8] {
    let count = samples.count / 4
    return [UInt8](unsafeUninitializedCapacity: 3 * count) { result, done in
      for pixel in 0..<count {
        let light = Int(samples[4 * pixel + 3])
        for channel in 0..<3 {
          let ink = 255 - Int(samples[4 * pixel + channel])
          let product = ink * light + 128
          result[3 * pixel + channel] = UInt8(light - (product >> 8 + product) >> 8)
        }
      }
      done = 3 * count
    }
  }
}
