#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Read locks on bytes of a file that has no contents: processes see which bytes others hold.
///
/// The system releases them when a process ends, however it ends. They are the process's: a second
/// instance on the same file would take them away from the first when it goes.
package final class ReadLocks {
  /// Bytes that another process holds.
  package struct Holder: Hashable, Sendable {
    package var process: Int32
    package var bytes: Range<Int>
  }

  private let descriptor: Int32

  /// Takes locks until this goes away.
  /// - Parameter path: of a file for all users; made where there is none.
  package init(path: String, bytes: [Int]) throws(FilesError) {
    // Not created first: in a folder for all, the system refuses that for another user's file.
    var descriptor = openFile(path, O_RDONLY | O_NOFOLLOW)
    if descriptor < 0, errno == ENOENT {
      descriptor = openFile(path, O_RDONLY | O_CREAT | O_NOFOLLOW, 0o644)
    }
    guard descriptor >= 0 else { throw .cannotRead(path: path, reason: systemSentence(errno)) }
    self.descriptor = descriptor
    for byte in bytes {
      var lock = Self.lock(F_RDLCK, from: byte, count: 1)
      guard fcntl(descriptor, F_SETLK, &lock) == 0 else {
        throw .cannotRead(path: path, reason: systemSentence(errno))
      }
    }
  }

  deinit { _ = closeFile(descriptor) }

  /// What others hold now.
  package func otherHolders() -> [Holder] {
    var holders: [Holder] = []
    var start = 0
    while true {
      var lock = Self.lock(F_WRLCK, from: start, count: 0)
      guard fcntl(descriptor, F_GETLK, &lock) == 0, Int32(lock.l_type) != F_UNLCK else {
        return holders
      }
      let end = lock.l_len == 0 ? Int.max : Int(lock.l_start) + Int(lock.l_len)
      holders.append(Holder(process: lock.l_pid, bytes: Int(lock.l_start)..<end))
      guard end < .max else { return holders }
      start = end
    }
  }

  private static func lock(_ type: Int32, from start: Int, count: Int) -> flock {
    var lock = flock()
    lock.l_type = Int16(type)
    lock.l_whence = Int16(SEEK_SET)
    lock.l_start = off_t(start)
    lock.l_len = off_t(count)
    return lock
  }
}
