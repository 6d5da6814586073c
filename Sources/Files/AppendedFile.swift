#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A text file that only grows, by whole texts.
package final class AppendedFile {
  private let descriptor: Int32
  private let path: String
  private let isRegular: Bool

  /// - Parameter isNew: creates the file, and one that exists already is an error; otherwise goes on
  ///   with what is there, if anything.
  package init(path: String, isNew: Bool = true) throws(FilesError) {
    self.path = path
    var descriptor = openFile(path, O_RDWR | O_CREAT | O_APPEND | (isNew ? O_EXCL : 0))
    // A pipe or a file that may be written only.
    if descriptor < 0, !isNew { descriptor = openFile(path, O_WRONLY | O_APPEND) }
    guard descriptor >= 0 else { throw .cannotWrite(path, errno) }
    self.descriptor = descriptor
    var info = stat()
    isRegular = fstat(descriptor, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
  }

  deinit { _ = closeFile(descriptor) }

  /// Adds a text to a file, whole, also when several processes do so at the same time; creates the
  /// file and missing folders.
  package static func append(_ text: String, to path: String) throws(FilesError) {
    try createFolders(folder(of: path))
    let file = try AppendedFile(path: path, isNew: false)
    if file.isRegular { try waitForLock(file.descriptor, path: path) }
    try file.append(text)
  }

  /// Keeps other processes from locking it as long as it is open.
  /// - Returns: false when another one has it.
  package func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  private func byteCount() throws(FilesError) -> Int {
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else { throw .cannotRead(path: path, reason: systemSentence(errno)) }
    return Int(end)
  }

  /// Keeps whole lines only, and of these the first ones.
  package func cut(toLines count: Int = .max) throws(FilesError) {
    let bytes = try contents(of: descriptor, byteCount: byteCount(), path: path)
    let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }.prefix(count)
    guard ftruncate(descriptor, off_t(ends.last.map { $0 + 1 } ?? 0)) == 0 else {
      throw .cannotWrite(path, errno)
    }
  }

  /// One `write` call as long as the system takes all bytes at once, which it does for regular
  /// files unless the disk is full. What was written of a text that does not fit is cut off.
  package func append(_ text: String) throws(FilesError) {
    let start = isRegular ? try byteCount() : 0
    var text = text
    let (code, count) = text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
    guard code != 0 else { return }
    // Unless someone else wrote behind it.
    if isRegular, count > 0, (try? byteCount()) == start + count {
      _ = ftruncate(descriptor, off_t(start))
    }
    throw .cannotWrite(path, code)
  }

  package func flush() throws(FilesError) {
    guard !isRegular || retrying({ fsync(descriptor) }) == 0 else {
      throw .cannotWrite(path, errno)
    }
  }
}

/// Waits until no other process has the lock of a file.
/// - Throws: that one keeps it.
func waitForLock(_ descriptor: Int32, path: String) throws(FilesError) {
  for _ in 0..<1000 {
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
    guard errno == EWOULDBLOCK || errno == EINTR else { throw .cannotWrite(path, errno) }
    usleep(10_000)
  }
  throw .cannotWrite(path: path, reason: "another process keeps it locked")
}

/// All bytes of an open file.
func contents(
  of descriptor: Int32, byteCount: Int, path: String
) throws(FilesError) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: byteCount)
  var done = 0
  while done < byteCount {
    let count = bytes.withUnsafeMutableBytes {
      pread(descriptor, $0.baseAddress.map { $0 + done }, byteCount - done, off_t(done))
    }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else {
      throw .cannotRead(
        path: path, reason: count < 0 ? systemSentence(errno) : "it became shorter meanwhile")
    }
    done += count
  }
  return bytes
}
