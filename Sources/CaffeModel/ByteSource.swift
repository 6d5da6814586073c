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
      throw .unreadable(path: path, reason: "it is not a regular file")
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

  /// Whether the file begins with what no text has.
  var looksBinary: Bool {
    let head = (try? bytes(at: 0, count: min(count, 4096))) ?? []
    return head.contains { $0 < 0x20 && ![0x09, 0x0a, 0x0d].contains($0) || $0 == 0x7f }
  }

  /// The whole file as text.
  func text(limit: Int) throws(CaffeModelError) -> String {
    guard count <= limit else { throw .tooLarge(byteCount: count, limit: limit) }
    guard let text = String(validating: try bytes(at: 0, count: count), as: UTF8.self) else {
      throw .syntax(line: 1, reason: "the text is not UTF-8")
    }
    return text
  }
}
