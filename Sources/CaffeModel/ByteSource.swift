import Foundation

/// The bytes of a file, read where they are wanted.
///
/// Files of weights have hundreds of megabytes; of all but the values a reader wants a few hundred
/// bytes per layer. Values go from the file to where they are needed without a copy between. Not a
/// mapping, since a file that is cut off while it is read is then an error and not a signal.
final class ByteSource: @unchecked Sendable {
  /// Length in bytes.
  let count: Int
  private let path: String
  private let descriptor: Int32
  private let bytes: [UInt8]

  /// - Throws: ``CaffeModelError/missing(path:)``, ``CaffeModelError/unreadable(path:reason:)``.
  init(path: String) throws(CaffeModelError) {
    self.path = path
    bytes = []
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      count = 0
      if errno == ENOENT || errno == ENOTDIR { throw .missing(path: path) }
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      count = 0
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw .unreadable(
        path: path, reason: isFolder ? FileKind.name(ofFolder: path) : "it is not a regular file")
    }
    count = Int(status.st_size)
  }

  /// Bytes in memory.
  init(bytes: [UInt8]) {
    self.bytes = bytes
    count = bytes.count
    path = "memory"
    descriptor = -1
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Fills `buffer` with the bytes from `offset` on.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(CaffeModelError) {
    guard offset >= 0, offset <= count, buffer.count <= count - offset else {
      throw .unreadable(path: path, reason: "it ends at byte \(count)")
    }
    if descriptor < 0 {
      bytes.withUnsafeBytes { source in
        buffer.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + buffer.count]))
      }
      return
    }
    var done = 0
    while done < buffer.count {
      let got = pread(
        descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else {
        throw .unreadable(
          path: path,
          reason: got == 0 ? "it became shorter meanwhile" : String(cString: strerror(errno)))
      }
      done += got
    }
  }

  /// A copy of some bytes.
  func bytes(at offset: Int, count: Int) throws(CaffeModelError) -> [UInt8] {
    var failure: CaffeModelError?
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(CaffeModelError) {
        try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
        initialized = count
      } catch {
        failure = error
        initialized = 0
      }
    }
    if let failure { throw failure }
    return result
  }

  /// What the file begins with, as far as one needs to say what it is.
  var head: [UInt8] { (try? bytes(at: 0, count: min(count, 4096))) ?? [] }

  /// Whether the file begins with what no description has as text. In a comment there may be anything.
  var looksBinary: Bool {
    var isComment = false
    return head.contains { byte in
      switch byte {
      case UInt8(ascii: "\n"): isComment = false
      case UInt8(ascii: "#"): isComment = true
      default: break
      }
      return byte == 0
        || !isComment && (byte < 0x20 && !PrototxtScanner.isBlank(byte) || byte == 0x7f)
    }
  }

  /// The whole file as text.
  func text(limit: Int) throws(CaffeModelError) -> [UInt8] {
    guard count <= limit else { throw .tooLarge(byteCount: count, limit: limit) }
    return try bytes(at: 0, count: count)
  }
}
