import Foundation

/// Text files that are written whole or not at all.
package enum WholeFile {
  /// Writes beside the name, then renames; creates missing folders.
  package static func write(_ text: String, to path: String) throws(ResultsError) {
    try createFolder(of: path)
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .cannotWrite(path: path, reason: error.localizedDescription)
    }
  }

  /// Appends text to a file; creates it and missing folders.
  package static func append(_ text: String, to path: String) throws(ResultsError) {
    try createFolder(of: path)
    try AppendedFile(path: path, isNew: false).append(text)
  }

  private static func createFolder(of path: String) throws(ResultsError) {
    do {
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path).deletingLastPathComponent(),
        withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: path, reason: error.localizedDescription)
    }
  }
}
