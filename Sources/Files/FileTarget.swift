#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a path leads to when something is to be written there.
enum FileTarget {
  /// A regular file, or none yet; the path has no symbolic link at its end.
  case file(path: String, existing: stat?)
  /// A device, a pipe or a socket, by its path: written straight through.
  case special(path: String)
  /// A file that this process has open, as in `/dev/stdout`: written straight through.
  case descriptor(Int32)

  /// Follows symbolic links, also one that leads to no file yet.
  /// - Throws: a folder, a loop, or a path that cannot be looked at.
  init(_ path: String) throws(FilesError) {
    var current = path
    for _ in 0..<Self.linkLimit {
      if let number = Self.descriptor(current) {
        self = .descriptor(number)
        return
      }
      var info = stat()
      guard lstat(current, &info) == 0 else {
        guard errno == ENOENT else { throw .cannotWrite(path, errno) }
        // A name that ends with a slash can only be a folder's.
        guard let last = current.utf8.last, last != UInt8(ascii: "/") else {
          throw .cannotWrite(path, current.isEmpty ? ENOENT : EISDIR)
        }
        self = .file(path: current, existing: nil)
        return
      }
      switch info.st_mode & S_IFMT {
      case S_IFREG:
        self = .file(path: current, existing: info)
        return
      case S_IFDIR: throw .cannotWrite(path: path, reason: "it is a folder")
      case S_IFLNK:
        let link = try Self.link(at: current, named: path)
        current = link.hasPrefix("/") ? link : folder(of: current) + "/" + link
      default:
        self = .special(path: current)
        return
      }
    }
    throw .cannotWrite(path, ELOOP)
  }

  /// As many as Linux follows.
  private static let linkLimit = 40

  private static func link(at path: String, named name: String) throws(FilesError) -> String {
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = bytes.withUnsafeMutableBytes { buffer in
      buffer.withMemoryRebound(to: CChar.self) { characters in
        characters.baseAddress.map { readlink(path, $0, characters.count) } ?? -1
      }
    }
    guard count > 0 else { throw .cannotWrite(name, errno) }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// The number of a path that names an open file of this process.
  private static func descriptor(_ path: String) -> Int32? {
    switch path {
    case "/dev/stdin": return 0
    case "/dev/stdout": return 1
    case "/dev/stderr": return 2
    default:
      for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) {
        return Int32(path.dropFirst(folder.count))
      }
      return nil
    }
  }

  /// A new descriptor for what is written straight through; nil for a regular file.
  func openStraight(named name: String) throws(FilesError) -> Int32? {
    let descriptor: Int32
    switch self {
    case .file: return nil
    case .special(let path): descriptor = openFile(path, O_WRONLY)
    case .descriptor(let number):
      // What was printed comes before what is written.
      if number == 1 { StandardOutput.flush() }
      descriptor = fcntl(number, F_DUPFD_CLOEXEC, 3)
    }
    guard descriptor >= 0 else { throw .cannotWrite(name, errno) }
    return descriptor
  }
}
