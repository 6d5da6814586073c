import Files
import Tensors

/// What can go wrong with the files of a run, one sentence each.
package enum ResultsError: Error, Equatable, CustomStringConvertible {
  /// A folder or file can't be made or written: no permission, no space.
  case cannotWrite(path: String, reason: String)
  case missing(path: String)
  case cannotRead(path: String, reason: String)
  /// A file's content is not what its schema says; `line` counts from 1, 0 = the whole file.
  case corrupt(file: String, line: Int, column: String, reason: String)
  case schemaVersion(file: String, line: Int, found: String, supported: Int)

  /// In one line, whatever the files hold.
  package var description: String { oneLine(sentence) }

  private var sentence: String {
    switch self {
    case .cannotWrite(let path, let reason):
      return "cannot write '\(path)': \(reason); choose another place or make space"
    case .missing(let path):
      return "'\(path)' does not exist"
    case .cannotRead(let path, let reason):
      return "cannot read '\(path)': \(reason)"
    case .corrupt(let file, let line, let column, let reason):
      let place = line > 0 ? "\(file):\(line)" : file
      return column.isEmpty ? "\(place): \(reason)" : "\(place): column '\(column)': \(reason)"
    case .schemaVersion(let file, let line, let found, let supported):
      return "\(file):\(line): schema version '\(found)', this program reads \(supported); "
        + "use the version of alexbench that wrote it"
    }
  }
}

extension ResultsError {
  init(_ error: FilesError) {
    switch error {
    case .cannotWrite(let path, let reason): self = .cannotWrite(path: path, reason: reason)
    case .cannotRead(let path, let reason): self = .cannotRead(path: path, reason: reason)
    }
  }
}

/// Does something with files; what fails is an error of results.
package func onFiles<Value>(
  _ body: () throws(FilesError) -> Value
) throws(ResultsError) -> Value {
  do throws(FilesError) { return try body() } catch { throw ResultsError(error) }
}
