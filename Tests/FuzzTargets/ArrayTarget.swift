import Foundation
import Images
import Tensors

extension FuzzTarget {
  /// Arrays in NumPy's files, also as the mean of images.
  static let npy = FuzzTarget("npy", byteLimit: 4096) { bytes in
    let tensor: Tensor
    do throws(NPYError) {
      tensor = try NPYFile.read(bytes, named: "x")
    } catch {
      return try refused(error)
    }
    try require(tensor.shape.count <= bytes.count, "more values than bytes")
    do throws(ImageError) { _ = try ImageMean(tensor, name: "x") } catch { _ = try refused(error) }

    // What was written is read as the same, to the bit.
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-fuzz-\(getpid()).npy").path
    defer { unlink(path) }
    try NPYFile.write(tensor.values, shape: tensor.shape, to: path)
    let again = try NPYFile.read(path)
    try require(
      again.shape == tensor.shape
        && again.values.map(\.bitPattern) == tensor.values.map(\.bitPattern),
      "written and read again it is another array")
    return true
  }
}
