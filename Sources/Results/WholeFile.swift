import Foundation

/// A text file that is there whole or not at all.
package enum WholeFile {
  /// Writes beside the name, then renames; makes the folders that it needs.
  package static func write(_ text: String, to path: String) throws(ResultsError) {
    let url = URL(fileURLWithPath: path)
    do {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url, options: .atomic)
    } catch {
      throw .cannotWrite(path: path, reason: error.localizedDescription)
    }
  }

  /// Adds text at the end of a file, which is made if it is not there.
  package static func append(_ text: String, to path: String) throws(ResultsError) {
    try AppendedFile(path: path, isNew: false).append(text)
  }
}
