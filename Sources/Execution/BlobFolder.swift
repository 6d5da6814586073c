import Foundation
import Tensors

/// Blobs as `.npy` files in a folder.
public enum BlobFolder {
  /// The file of a blob; a name may have slashes, a file not.
  public static func fileName(of blob: String) -> String {
    blob.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "__") + ".npy"
  }

  /// Writes every blob; makes the folder if need be.
  /// - Throws: a file that can't be written, or two blobs of one file name.
  public static func write(
    _ blobs: [BlobForward.Blob], to folder: String
  ) throws(NPYError) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: folder, reason: (error as NSError).localizedDescription)
    }
    var names: Set<String> = []
    for blob in blobs {
      let name = fileName(of: blob.name)
      let path = "\(folder)/\(name)"
      guard names.insert(name).inserted else {
        throw .cannotWrite(path: path, reason: "two blobs would have this file")
      }
      try NPYFile.write(blob.values, shape: blob.shape, to: path)
    }
  }
}
