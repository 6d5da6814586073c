import Images

extension FuzzTarget {
  /// Decoding takes time for every pixel that a header claims; the test of large images is another.
  private static let pixelLimit = 1 << 16

  /// JPEG, PNG and PNM.
  static let images = FuzzTarget("images", byteLimit: 4096) { bytes in
    let image: RGBImage
    do throws(ImageError) {
      image = try ImageFile.decode(bytes, named: "x", pixelLimit: pixelLimit)
    } catch {
      if case .library = error { throw error }
      return try refused(error)
    }
    try require(image.width * image.height <= pixelLimit, "larger than the limit")
    let small = FloatImage(image, channels: 3).resized(width: 3, height: 5)
    try require(
      small.values.allSatisfy { (0...255).contains($0) }, "a sample that is none of an image")
    let file = Array("P6 \(image.width) \(image.height) 255\n".utf8) + image.samples
    try require(
      try ImageFile.decode(file, named: "x").samples == image.samples,
      "as PPM it is another image")
    return true
  }

  /// Files about images: labels of classes, and lists.
  static let lists = FuzzTarget("lists", byteLimit: 1024) { bytes in
    let labels = LabelFile(bytes: bytes, named: "x")
    try require(labels.names.count <= bytes.count + 1, "more labels than bytes")
    // Of several carriage returns the last one belongs to the end of the line.
    let written = Array(labels.names.map { $0 + "\r\n" }.joined().utf8)
    try require(
      LabelFile(bytes: written, named: "x").names == labels.names,
      "written and read again they are other labels")
    let list: ImageList
    do throws(ImageError) {
      list = try ImageList(bytes: bytes, named: "x")
    } catch {
      return try refused(error)
    }
    try require(
      list.entries.allSatisfy { $0.label >= 0 && !$0.path.isEmpty }, "an entry without an image")
    do throws(ImageError) { try list.check(classCount: 10) } catch { _ = try refused(error) }
    let lines = list.entries.map { "\($0.path) \($0.label)\r\n" }.joined()
    try require(
      try ImageList(bytes: Array(lines.utf8), named: "x").entries == list.entries,
      "written and read again it is another list")
    return true
  }
}
