import CSupport
import Foundation

/// Images in files: JPEG, PNG and PNM, told apart by how they begin, whatever their names.
package enum ImageFile {
  enum Format { case jpeg, png, pnm }

  /// The libraries that decode, as the system's search finds them.
  package struct Libraries: Sendable {
    package var jpeg = "libturbojpeg.so.0"
    package var png = "libpng16.so.16"
    package init() {}
  }

  private static let byteLimit = 512 << 20

  /// Reads and decodes an image.
  /// - Throws: one sentence about the file, or about the library that is missing.
  package static func read(
    _ path: String, libraries: Libraries = Libraries()
  ) throws(ImageError) -> RGBImage {
    try decode(try bytes(of: path), named: path, libraries: libraries)
  }

  /// Decodes the bytes of a file.
  /// - Parameter name: of the file, for errors.
  package static func decode(
    _ bytes: [UInt8], named name: String, libraries: Libraries = Libraries()
  ) throws(ImageError) -> RGBImage {
    try decode(
      bytes, named: name, libraries: libraries, pixelLimit: RGBImage.pixelLimit)
  }

  /// Decodes images of at most some pixels: a million of hostile ones take less time then.
  package static func decode(
    _ bytes: [UInt8], named name: String, libraries: Libraries = Libraries(), pixelLimit: Int
  ) throws(ImageError) -> RGBImage {
    func check(_ width: Int, _ height: Int) throws(ImageError) {
      try RGBImage.check(width: width, height: height, path: name, limit: pixelLimit)
    }
    switch format(of: bytes) {
    case .jpeg:
      return try JPEGReader.read(bytes, path: name, library: libraries.jpeg, check: check)
    case .png: return try PNGReader.read(bytes, path: name, library: libraries.png, check: check)
    case .pnm: return try PNMReader.read(bytes, path: name, check: check)
    case nil: throw .corrupt(path: name, reason: "it begins as neither JPEG, PNG nor PPM")
    }
  }

  /// Whether a file is meant to be an image: by how it begins, or else by its name.
  package static func isImage(_ path: String) -> Bool {
    if let file = FileHandle(forReadingAtPath: path) {
      defer { try? file.close() }
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
        let head = try? file.read(upToCount: 8), format(of: [UInt8](head)) != nil
      {
        return true
      }
    }
    let name = path.lowercased()
    return [".jpg", ".jpeg", ".png", ".ppm", ".pgm", ".pnm"].contains(where: name.hasSuffix)
  }

  static func format(of bytes: [UInt8]) -> Format? {
    if bytes.starts(with: [0xff, 0xd8, 0xff]) { return .jpeg }
    if bytes.starts(with: PNGChunks.signature) { return .png }
    guard bytes.count >= 3, bytes[0] == UInt8(ascii: "P") else { return nil }
    // Bitmaps (P1, P4) too, to be refused with a better sentence.
    let isKind = (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(bytes[1])
    return isKind && PNMReader.isBlank(bytes[2]) || isKind && bytes[2] == UInt8(ascii: "#")
      ? .pnm : nil
  }

  /// The whole of a regular file.
  static func bytes(of path: String) throws(ImageError) -> [UInt8] {
    let manager = FileManager.default
    guard manager.fileExists(atPath: path) else { throw .missing(path: path) }
    // Through links, as opening goes.
    let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let attributes = try? manager.attributesOfItem(atPath: resolved)
    guard let attributes, attributes[.type] as? FileAttributeType == .typeRegular else {
      throw .unreadable(path: path, reason: "it is not a regular file")
    }
    let count = (attributes[.size] as? NSNumber)?.intValue ?? 0
    guard count <= byteLimit else {
      throw .unreadable(path: path, reason: "\(count >> 20) MiB are more than an image has")
    }
    do {
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: resolved)))
    } catch {
      throw .unreadable(path: path, reason: (error as NSError).localizedDescription)
    }
  }

  /// Opens a library and finds its functions.
  /// - Parameters:
  ///   - name: for the system's search, or a path.
  ///   - package: Debian's package of it.
  ///   - bind: fills the table of functions; the name of one that is missing, or nil.
  static func open<Functions>(
    _ name: String, package: String, for path: String, _ functions: inout Functions,
    _ bind: (UnsafeMutableRawPointer, UnsafeMutablePointer<Functions>) -> UnsafePointer<CChar>?
  ) throws(ImageError) {
    // Opened again for each image, which only counts: the library stays.
    guard let library = alex_library_open(name, nil, 0) else {
      throw .library(
        path: path, reason: "\(name) cannot be opened; apt-get install \(package)")
    }
    if let missing = bind(library, &functions) {
      throw .library(
        path: path,
        reason: "\(name) has no \(String(cString: missing)); apt-get install \(package)")
    }
  }
}
