#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What can go wrong with files, one sentence each.
package enum FilesError: Error, Equatable, CustomStringConvertible {
  case cannotWrite(path: String, reason: String)
  case cannotRead(path: String, reason: String)

  package var description: String {
    switch self {
    case .cannotWrite(StandardOutput.name, let reason):
      "cannot write to \(StandardOutput.name): \(reason)"
    case .cannotWrite(let path, let reason): "cannot write '\(path)': \(reason)"
    case .cannotRead(let path, let reason): "cannot read '\(path)': \(reason)"
    }
  }

  /// - Parameter code: an `errno`.
  static func cannotWrite(_ path: String, _ code: Int32) -> FilesError {
    .cannotWrite(path: path, reason: systemSentence(code))
  }
}

/// The system's sentence for an error number.
package func systemSentence(_ code: Int32) -> String { String(cString: strerror(code)) }
