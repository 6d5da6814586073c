#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that appears whole or not at all.
///
/// It is written beside its name, under a name that nothing else has, and renamed once it is complete
/// and on the disk. Until then, and whatever fails, an earlier file stays as it was; only what was
/// made here is removed. Of two that write one name at the same time, one wins whole.
///
/// A symbolic link is followed: the file that it leads to is replaced, not the link. A replaced file's
/// permissions stay, and one that may not be written is refused. Devices, pipes and open files
/// (`/dev/stdout`) are written straight through.
package final class WholeFile {
  /// As it was named.
  package let path: String
  private let target: FileTarget
  private let isDurable: Bool
  /// -1 once it is closed.
  private var descriptor: Int32
  /// The file beside the target; nil where there is none, or no longer.
  private var draft: String?
  private var pending: [UInt8] = []

  private static let bufferByteCount = 1 << 16

  /// Begins a file.
  /// - Parameters:
  ///   - creatingFolders: makes missing folders.
  ///   - isDurable: brings it to the disk before it takes its name. Not for what is read by another
  ///     process and goes away.
  package init(
    path: String, creatingFolders: Bool = false, isDurable: Bool = true
  ) throws(FilesError) {
    self.path = path
    self.isDurable = isDurable
    target = try FileTarget(path)
    if let straight = try target.openStraight(named: path) {
      descriptor = straight
      return
    }
    descriptor = -1
    guard case .file(let name, let existing) = target else { return }
    if creatingFolders { try createFolders(folder(of: name)) }
    if existing != nil, faccessat(AT_FDCWD, name, W_OK, AT_EACCESS) != 0 {
      throw .cannotWrite(path, errno)
    }
    try openDraft(beside: name)
    if let existing { try keepOwner(of: existing) }
  }

  deinit { discard() }

  private func openDraft(beside name: String) throws(FilesError) {
    let last = Self.shortened(lastName(of: name))
    var code = EEXIST
    for _ in 0..<100 where code == EEXIST {
      let draft = folder(of: name) + "/.\(last).\(Self.uniqueName()).partial"
      descriptor = openFile(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
      code = descriptor < 0 ? errno : 0
      if code == 0 { self.draft = draft }
    }
    switch code {
    case 0: return
    case EACCES, EPERM, EROFS:
      throw .cannotWrite(
        path: path, reason: "no file can be made in its folder: \(systemSentence(code))")
    default: throw .cannotWrite(path, code)
    }
  }

  /// Owner where that is allowed, and permissions.
  private func keepOwner(of existing: stat) throws(FilesError) {
    var own = stat()
    guard fstat(descriptor, &own) == 0 else { throw fail(errno) }
    if own.st_uid != existing.st_uid || own.st_gid != existing.st_gid {
      // Only root can give files away.
      if fchown(descriptor, existing.st_uid, existing.st_gid) != 0 {
        _ = fchown(descriptor, uid_t.max, existing.st_gid)
      }
    }
    // Some file systems know one set of permissions only, and refuse any change.
    if own.st_mode & 0o7777 != existing.st_mode & 0o7777,
      fchmod(descriptor, existing.st_mode & 0o7777) != 0
    {
      throw fail(errno)
    }
  }

  /// Room is left for what a draft's name has around it.
  private static func shortened(_ name: String) -> String {
    var name = name
    while name.utf8.count > 200 { name.removeLast() }
    return name
  }

  private static func uniqueName() -> String {
    String((0..<8).map { _ in "abcdefghijkmnpqrstuvwxyz23456789".randomElement() ?? "a" })
  }

  package func write(_ bytes: UnsafeRawBufferPointer) throws(FilesError) {
    guard pending.count + bytes.count > Self.bufferByteCount else {
      pending.append(contentsOf: bytes)
      return
    }
    try writePending()
    guard bytes.count < Self.bufferByteCount else { return try writeNow(bytes) }
    pending.append(contentsOf: bytes)
  }

  package func write(_ bytes: [UInt8]) throws(FilesError) {
    try bytes.withUnsafeBufferPointer { bytes throws(FilesError) in
      try write(UnsafeRawBufferPointer(bytes))
    }
  }

  package func write(_ text: String) throws(FilesError) { try write(Array(text.utf8)) }

  private func writePending() throws(FilesError) {
    let code = pending.withUnsafeBytes { writeAll($0, to: descriptor).code }
    pending.removeAll(keepingCapacity: true)
    guard code == 0 else { throw fail(code) }
  }

  private func writeNow(_ bytes: UnsafeRawBufferPointer) throws(FilesError) {
    let code = writeAll(bytes, to: descriptor).code
    guard code == 0 else { throw fail(code) }
  }

  /// Completes the file: from now on it has its name.
  package func finish() throws(FilesError) {
    try writePending()
    // Not every file system can.
    if draft != nil, isDurable, retrying({ fsync(descriptor) }) != 0, errno != EINVAL {
      throw fail(errno)
    }
    let code = closeFile(descriptor)
    descriptor = -1
    guard code == 0 else { throw fail(code) }
    guard let draft, case .file(let name, _) = target else { return }
    guard rename(draft, name) == 0 else { throw fail(errno) }
    self.draft = nil
  }

  /// Gives it up; an earlier file stays.
  package func discard() {
    if descriptor >= 0 { _ = closeFile(descriptor) }
    descriptor = -1
    if let draft { unlink(draft) }
    draft = nil
  }

  private func fail(_ code: Int32) -> FilesError {
    discard()
    return .cannotWrite(path, code)
  }
}

extension WholeFile {
  /// Writes a text file.
  package static func write(
    _ text: String, to path: String, creatingFolders: Bool = false
  ) throws(FilesError) {
    let file = try WholeFile(path: path, creatingFolders: creatingFolders)
    try file.write(text)
    try file.finish()
  }

  /// Whether a file can be written, before the work that leads to it; nothing stays of the attempt.
  /// - Throws: what writing would throw.
  package static func check(_ path: String, creatingFolders: Bool = false) throws(FilesError) {
    // To open and close a pipe would end who reads it.
    guard case .file = try FileTarget(path) else { return }
    try WholeFile(path: path, creatingFolders: creatingFolders).discard()
  }
}
