#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Calls of the system as they are needed here: signals do not interrupt them, and everything is
// written.

func retrying(_ call: () -> Int32) -> Int32 {
  while true {
    let result = call()
    guard result < 0, errno == EINTR else { return result }
  }
}

func openFile(_ path: String, _ flags: Int32, _ mode: mode_t = 0o666) -> Int32 {
  retrying { open(path, flags | O_CLOEXEC | O_NOCTTY, mode) }
}

/// Writes all bytes; waits where the other side is slow.
/// - Returns: 0, or the `errno`, and how many bytes were written.
func writeAll(
  _ bytes: UnsafeRawBufferPointer, to descriptor: Int32
) -> (code: Int32, count: Int) {
  var done = 0
  while done < bytes.count {
    let count = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
    if count < 0 {
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // Someone made it non-blocking.
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&request, 1, -1)
        continue
      case let code: return (code, done)
      }
    }
    // Nothing was taken, and no reason given.
    guard count > 0 else { return (EIO, done) }
    done += count
  }
  return (0, done)
}

/// Closes a descriptor.
/// - Returns: 0, or the `errno`: what did not fit may show only now.
func closeFile(_ descriptor: Int32) -> Int32 {
  // Linux closes it in any case; a second call could close someone else's.
  close(descriptor) == 0 || errno == EINTR ? 0 : errno
}

/// The folder that holds a path's last name.
func folder(of path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

func lastName(of path: String) -> String {
  path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.index(after: $0)...]) } ?? path
}

/// Makes a folder and those above it that are missing.
package func createFolders(_ path: String) throws(FilesError) {
  var missing: [String] = []
  var current = path
  while true {
    var info = stat()
    if stat(current, &info) == 0 {
      guard info.st_mode & S_IFMT == S_IFDIR else {
        throw .cannotWrite(path: path, reason: "'\(current)' is not a folder")
      }
      break
    }
    guard errno == ENOENT else { throw .cannotWrite(path, errno) }
    missing.append(current)
    while current.count > 1, current.hasSuffix("/") { current.removeLast() }
    let parent = folder(of: current)
    guard parent != current else { break }
    current = parent
  }
  for folder in missing.reversed() {
    guard mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw .cannotWrite(path, errno) }
  }
}
