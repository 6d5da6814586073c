#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A text file that several processes add to: each waits for the one before, reads what is there and
/// replaces it as a whole, so that nothing is lost and no reader ever sees half of it.
///
/// It is locked from the beginning to the end of its life. A device or a pipe cannot be read back, so
/// it counts as empty.
package final class SharedFile {
  private let path: String
  /// Without a symbolic link at its end; nil for what is no regular file.
  private let name: String?
  private var descriptor: Int32 = -1
  /// Made here and still empty.
  private var isPlaceholder = false

  /// Locks a file; one that is missing is made, empty, along with its folders.
  /// - Throws: also when another process keeps it.
  package init(path: String) throws(FilesError) {
    self.path = path
    guard case .file(let name, let existing) = try FileTarget(path) else {
      self.name = nil
      return
    }
    self.name = name
    if existing == nil { try createFolders(folder(of: name)) }
    for _ in 0..<Self.attemptLimit where descriptor < 0 { try open(name) }
    // A folder such as /proc, in which nothing can be made, says so by ENOENT, too.
    guard descriptor >= 0 else { throw .cannotWrite(path, ENOENT) }
  }

  deinit {
    // Nobody else can have written it.
    if isPlaceholder, let name { unlink(name) }
    if descriptor >= 0 { _ = closeFile(descriptor) }
  }

  /// How often a file may be replaced or removed by others between two calls.
  private static let attemptLimit = 1000

  /// Opens and locks; leaves no descriptor if the file was replaced meanwhile.
  private func open(_ name: String) throws(FilesError) {
    var opened = openFile(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
    let isNew = opened >= 0
    if !isNew, errno == EEXIST { opened = openFile(name, O_RDWR | O_NOFOLLOW) }
    guard opened >= 0 else {
      // Removed between the two calls.
      if !isNew, errno == ENOENT, access(folder(of: name), F_OK) == 0 { return }
      throw .cannotWrite(path, errno)
    }
    do { try waitForLock(opened, path: path) } catch {
      _ = closeFile(opened)
      throw error
    }
    var locked = stat()
    var named = stat()
    guard fstat(opened, &locked) == 0, stat(name, &named) == 0,
      locked.st_ino == named.st_ino, locked.st_dev == named.st_dev
    else {
      _ = closeFile(opened)
      return
    }
    descriptor = opened
    isPlaceholder = isNew && locked.st_size == 0
  }

  /// What is there; empty for a new file.
  package func text() throws(FilesError) -> String {
    guard descriptor >= 0 else { return "" }
    var info = stat()
    guard fstat(descriptor, &info) == 0 else {
      throw .cannotRead(path: path, reason: systemSentence(errno))
    }
    let bytes = try contents(of: descriptor, byteCount: Int(info.st_size), path: path)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .cannotRead(path: path, reason: "it is not UTF-8 text")
    }
    return text
  }

  /// Writes the whole file anew. Once only: what is locked is the file that was there.
  package func replace(with text: String) throws(FilesError) {
    try WholeFile.write(text, to: name ?? path)
    isPlaceholder = false
  }
}
