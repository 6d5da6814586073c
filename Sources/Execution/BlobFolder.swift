import Files
import Tensors

/// Blobs as `.npy` files in a folder.
public enum BlobFolder {
  /// The file of a blob; a name may have slashes, a file not.
  public static func fileName(of blob: String) -> String {
    blob.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "__") + ".npy"
  }

  /// Where a blob goes.
  package static func path(of blob: String, in folder: String) -> String {
    "\(folder)/\(fileName(of: blob))"
  }

  /// Writes every blob; makes the folder if need be.
  /// - Throws: a file that can't be written, or two blobs of one file name.
  public static func write(
    _ blobs: [BlobForward.Blob], to folder: String
  ) throws(NPYError) {
    do { try createFolders(folder) } catch { throw NPYError(error) }
    var paths: Set<String> = []
    for blob in blobs {
      let path = path(of: blob.name, in: folder)
      guard paths.insert(path).inserted else {
        throw .cannotWrite(path: path, reason: "two blobs would have this file")
      }
      try NPYFile.write(blob.values, shape: blob.shape, to: path)
    }
  }
}
