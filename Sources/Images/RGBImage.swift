/// A decoded image: three samples of 8 bits a pixel, as the reference example loads it.
///
/// Samples are those of the file: no colour management, no rotation by EXIF, no alpha.
package struct RGBImage: Equatable, Sendable {
  /// Images of more pixels are refused before memory is taken for them.
  package static let pixelLimit = 100_000_000

  package let width: Int
  package let height: Int
  /// Rows from the top, pixels from the left; red, green, blue, from 0 to 255.
  package let samples: [UInt8]
  /// What the library complained of in an image that it decoded all the same; nil in most.
  package let note: String?

  package init(width: Int, height: Int, samples: [UInt8], note: String? = nil) {
    precondition(width > 0 && height > 0 && samples.count == 3 * width * height)
    self.width = width
    self.height = height
    self.samples = samples
    self.note = note
  }

  /// Looks at the size of an image before memory is taken for it.
  typealias Check = (_ width: Int, _ height: Int) throws(ImageError) -> Void

  /// Refuses sizes that no image has or that take too much memory.
  static func check(
    width: Int, height: Int, path: String, limit: Int
  ) throws(ImageError) {
    guard width > 0, height > 0 else {
      throw .corrupt(path: path, reason: "it is \(width)x\(height) pixels large")
    }
    let (count, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, count <= limit else {
      throw .tooLarge(path: path, width: width, height: height)
    }
  }
}
