#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `MADV_HUGEPAGE` of Linux, which the C library's overlay does not export.
private let madvHugePage: Int32 = 14

/// Zeroed float32 storage, aligned to 64 bytes, freed with the object.
///
/// The one allocator of the project: every backend's weights, blobs and workspaces come from it,
/// so that all have the same alignment and page policy. Blocks of at least ``hugePageByteCount``
/// are mapped on that boundary and advised to use huge pages, since 234 MB of fully connected
/// weights otherwise touch 57 000 pages.
public final class AlignedBuffer: @unchecked Sendable {
  /// Size of a transparent huge page on x86-64 and arm64 Linux.
  public static let hugePageByteCount = 2 << 20

  /// Number of floats.
  public let count: Int
  /// First float. Valid as long as the object lives.
  public let pointer: UnsafeMutablePointer<Float>

  /// Number of bytes asked for.
  public var byteCount: Int { count * MemoryLayout<Float>.stride }

  /// - Parameter count: number of floats, at least 0. Running out of address space is fatal.
  public init(count: Int) {
    precondition(count >= 0)
    self.count = count
    let huge = Self.hugePageByteCount
    let byteCount = max(count, 1) * MemoryLayout<Float>.stride
    let isHuge = byteCount >= huge
    let alignment = isHuge ? huge : 64
    let size = (byteCount + alignment - 1) / alignment * alignment
    var raw: UnsafeMutableRawPointer?
    guard posix_memalign(&raw, alignment, size) == 0, let raw else {
      fatalError("out of memory: \(size) bytes for tensor storage")
    }
    #if os(Linux)
      if isHuge { madvise(raw, size, madvHugePage) }
    #endif
    memset(raw, 0, size)
    pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  deinit { free(pointer) }

  /// The floats as a mutable buffer.
  public var elements: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}
