import Tensors

/// Memory that is read window by window, round and round: by the time that a window has its turn
/// again, the caches have forgotten it.
package final class MemoryWindow {
  /// What one probe reads.
  package static let byteCount = 32 << 20
  /// Taken for the last level of cache where the system does not describe it.
  static let assumedCacheBytes = 64 << 20

  package let pages: AlignedBuffer.Pages
  private let buffer: AlignedBuffer
  private var next = 0

  /// Nil when there is too little memory for a buffer that no cache holds.
  /// - Parameters:
  ///   - cacheBytes: what the last level of cache holds; nil where it is not known.
  ///   - availableBytes: memory that may be had; nil where it is not known.
  package init?(cacheBytes: Int?, availableBytes: Int?, pages: AlignedBuffer.Pages = .huge) {
    guard
      let byteCount = Self.bufferByteCount(cacheBytes: cacheBytes, availableBytes: availableBytes)
    else { return nil }
    self.pages = pages
    buffer = AlignedBuffer(count: byteCount / MemoryLayout<Float>.stride, pages: pages)
  }

  /// Four times the cache, but at most a quarter of the available memory, and then at least twice
  /// the cache. A multiple of the window.
  package static func bufferByteCount(cacheBytes: Int?, availableBytes: Int?) -> Int? {
    let cache = cacheBytes ?? assumedCacheBytes
    func windows(_ bytes: Int) -> Int { (bytes + byteCount - 1) / byteCount }
    let least = max(2, windows(2 * cache))
    let wanted = max(4, windows(4 * cache))
    guard let availableBytes else { return wanted * byteCount }
    let limit = availableBytes / 4 / byteCount
    return limit < least ? nil : min(wanted, limit) * byteCount
  }

  /// Whether the buffer is as large as such a cache asks for.
  func suits(cacheBytes: Int?) -> Bool {
    buffer.byteCount >= 2 * (cacheBytes ?? Self.assumedCacheBytes)
  }

  /// The window whose turn it is, or a part of it.
  /// - Parameter byteCount: divides a window.
  func take(byteCount: Int = MemoryWindow.byteCount) -> UnsafePointer<Float> {
    let count = byteCount / MemoryLayout<Float>.stride
    // A whole window follows parts of one.
    next = (next + count - 1) / count * count % buffer.count
    let window = buffer.pointer + next
    next = (next + count) % buffer.count
    return UnsafePointer(window)
  }

  /// Has the caches forget what is not in the buffer: reads all of it, in parts.
  func sweep(_ read: (_ part: UnsafePointer<Float>) -> Void) {
    for _ in 0..<buffer.byteCount / Self.byteCount { read(take()) }
  }
}
