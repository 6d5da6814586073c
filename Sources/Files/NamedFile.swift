#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file of a command, with what it is there: an option, or a word.
package struct NamedFile: Hashable, Sendable, CustomStringConvertible {
  /// For example `--weights`.
  package var role: String
  package var path: String

  package init(_ role: String, _ path: String) {
    self.role = role
    self.path = path
  }

  package var description: String { "\(role) '\(path)'" }

  /// Two files of a command that must not be the same are; one sentence.
  package enum Conflict: Error, Equatable, CustomStringConvertible {
    case isInput(output: NamedFile, input: NamedFile)
    case isWrittenTwice(NamedFile, NamedFile)

    package var description: String {
      switch self {
      case .isInput(let output, let input):
        "\(output) would be written over \(input), which is the same file; write to another one"
      case .isWrittenTwice(let first, let second):
        "\(first) and \(second) are the same file; write to two"
      }
    }
  }

  /// Makes sure that no file is written that is read, or written twice. Links, `..` and other ways
  /// to say the same do not matter; devices and pipes never are the same.
  /// - Throws: the first two that are one file.
  package static func check(
    outputs: [NamedFile], inputs: [NamedFile]
  ) throws(Conflict) {
    let read = inputs.compactMap { input in input.identity.map { (input, $0) } }
    var written: [(NamedFile, FileIdentity)] = []
    for output in outputs {
      guard let identity = output.identity else { continue }
      if let (input, _) = read.first(where: { $0.1 == identity }) {
        throw .isInput(output: output, input: input)
      }
      if let (other, _) = written.first(where: { $0.1 == identity }) {
        throw .isWrittenTwice(other, output)
      }
      written.append((output, identity))
    }
  }

  private var identity: FileIdentity? { FileIdentity(path) }
}

/// What makes two paths the same file.
private enum FileIdentity: Equatable {
  case file(device: dev_t, number: ino_t)
  /// Of a file that does not exist yet: its folder without links, and its name.
  case path(String)

  /// - Returns: nil for what is no regular file.
  init?(_ path: String) {
    var info = stat()
    switch try? FileTarget(path) {
    case .descriptor(let number): guard fstat(number, &info) == 0 else { return nil }
    case .file(_, let existing?): info = existing
    case .file(let path, nil):
      self = .path(Self.real(folder(of: path)) + "/" + lastName(of: path))
      return
    case .special, nil: return nil
    }
    guard info.st_mode & S_IFMT == S_IFREG else { return nil }
    self = .file(device: info.st_dev, number: info.st_ino)
  }

  /// A folder's path without links, as far as it exists.
  private static func real(_ path: String) -> String {
    if let resolved = realpath(path, nil) {
      defer { free(resolved) }
      return String(cString: resolved)
    }
    let parent = folder(of: path)
    return parent == path ? path : real(parent) + "/" + lastName(of: path)
  }
}
