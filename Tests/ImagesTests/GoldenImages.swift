import Foundation
import GoldenSupport
import Images
import Tensors

/// The files in Tests/Golden/images.
enum GoldenImages {
  static func path(_ name: String) -> String {
    Golden.folder.appendingPathComponent("images/\(name)").path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// The samples that the reference example's libraries give, as an image.
  static func samples(_ name: String) throws -> RGBImage {
    let array = try NPYFile.read(path(name))
    return RGBImage(
      width: array.shape.dimensions[1], height: array.shape.dimensions[0],
      samples: array.values.map(UInt8.init))
  }
}

/// An image of one colour.
func plain(width: Int, height: Int, _ colour: (UInt8, UInt8, UInt8) = (10, 20, 30)) -> RGBImage {
  RGBImage(
    width: width, height: height,
    samples: (0..<width * height).flatMap { _ in [colour.0, colour.1, colour.2] })
}

/// Calls a body with a file of these bytes.
func withFile<Value>(_ bytes: [UInt8], _ body: (String) throws -> Value) throws -> Value {
  let url = FileManager.default.temporaryDirectory
    .appendingPathComponent("alexbench-images-\(UUID().uuidString)")
  try Data(bytes).write(to: url)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path)
}

/// How every PNG begins.
let pngSignature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
