import Foundation

/// A file that is written from beginning to end.
final class OutputFile {
  let path: String
  private var file: UnsafeMutablePointer<FILE>?

  init(path: String) throws(CaffeModelError) {
    self.path = path
    file = fopen(path, "wb")
    if file == nil { throw failure }
  }

  deinit { if let file { fclose(file) } }

  func write(_ bytes: [UInt8]) throws(CaffeModelError) {
    var failure: CaffeModelError?
    bytes.withUnsafeBytes { buffer in
      do throws(CaffeModelError) { try write(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  func write(_ buffer: UnsafeRawBufferPointer) throws(CaffeModelError) {
    guard let file, let base = buffer.baseAddress, buffer.count > 0 else { return }
    guard fwrite(base, 1, buffer.count, file) == buffer.count else { throw failure }
  }

  /// Closes the file; a full disk may show only now.
  func finish() throws(CaffeModelError) {
    guard let file else { return }
    self.file = nil
    if fclose(file) != 0 { throw failure }
  }

  /// Closes and removes a file that is not complete.
  func discard() {
    if let file { fclose(file) }
    file = nil
    remove(path)
  }

  private var failure: CaffeModelError {
    .cannotWrite(path: path, reason: String(cString: strerror(errno)))
  }
}
