#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `MADV_HUGEPAGE` and `MADV_NOHUGEPAGE` of Linux, which the C library's overlay does not export.
private let madvHugePage: Int32 = 14
private let madvNoHugePage: Int32 = 15

/// The end of a program that gets no more memory where nothing can be thrown.
public enum MemoryShortage {
  /// As of whatever is not available.
  public static let exitCode: Int32 = 3

  /// Writes one sentence to standard error and ends the program, without what may need memory.
  public static func endProgram(byteCount: Int) -> Never {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { buffer in
      var rest = max(byteCount >> 20, 1)
      var start = buffer.count
      while rest > 0 {
        start -= 1
        buffer[start] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      }
      say("alexbench: out of memory: there are no ")
      if let base = buffer.baseAddress { _ = write(2, base + start, buffer.count - start) }
    }
    say(" MiB more to be had; take a smaller --batch, name fewer backends, ")
    say("or raise the limit (ulimit -v, or that of the control group)\n")
    _exit(exitCode)
  }

  private static func say(_ text: StaticString) {
    _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
  }
}

/// Zeroed float32 storage, aligned to 64 bytes, freed with the object.
///
/// The one allocator of the project: every backend's weights, blobs and workspaces come from it,
/// so that all have the same alignment and page policy. Blocks of at least ``hugePageByteCount``
/// are mapped on that boundary and advised to use huge pages, since 234 MB of fully connected
/// weights otherwise touch 57 000 pages; when they are freed, the system has them back at once.
public final class AlignedBuffer: @unchecked Sendable {
  /// What the system is asked to map a large block with.
  public enum Pages: String, Sendable {
    case huge, small
  }

  /// Size of a transparent huge page on x86-64 and arm64 Linux.
  public static let hugePageByteCount = 2 << 20

  /// Number of floats.
  public let count: Int
  /// First float. Valid as long as the object lives.
  public let pointer: UnsafeMutablePointer<Float>

  /// Number of bytes asked for.
  public var byteCount: Int { count * MemoryLayout<Float>.stride }

  /// Where the memory begins that is given back.
  private let base: UnsafeMutableRawPointer
  /// Bytes that are mapped; 0 of a block that is not mapped on its own.
  private let mappedByteCount: Int

  /// The size of a cache line, and of the widest vector.
  private static let alignment = 64

  /// - Parameters:
  ///   - count: number of floats, at least 0. Without memory for them the program ends, see
  ///     ``MemoryShortage``.
  ///   - pages: of a block of at least ``hugePageByteCount``; small ones are for comparing the two.
  public init(count: Int, pages: Pages = .huge) {
    precondition(count >= 0)
    self.count = count
    let huge = Self.hugePageByteCount
    let byteCount = max(count, 1) * MemoryLayout<Float>.stride
    let isHuge = byteCount >= huge
    let boundary = isHuge ? huge : Self.alignment
    let size = (byteCount + boundary - 1) / boundary * boundary
    mappedByteCount = isHuge ? size : 0
    // Not posix_memalign: what it frees in the C library's heap is too small for its next block of the
    // same size, so that copies made one after the other leave twice their size unused.
    guard let base = isHuge ? Self.map(size, on: huge) : malloc(size + boundary) else {
      MemoryShortage.endProgram(byteCount: size)
    }
    self.base = base
    let raw = isHuge ? base : base.alignedUp(toMultipleOf: boundary)
    #if os(Linux)
      if isHuge { madvise(raw, size, pages == .huge ? madvHugePage : madvNoHugePage) }
    #endif
    memset(raw, 0, size)
    pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  deinit {
    if mappedByteCount > 0 { munmap(base, mappedByteCount) } else { free(base) }
  }

  /// Maps more than is wanted, and gives back what lies before the boundary and after the end.
  private static func map(_ size: Int, on boundary: Int) -> UnsafeMutableRawPointer? {
    let mapped = mmap(
      nil, size + boundary, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != MAP_FAILED else { return nil }
    let lead = (boundary - Int(bitPattern: mapped) % boundary) % boundary
    if lead > 0 { munmap(mapped, lead) }
    if boundary > lead { munmap(mapped + lead + size, boundary - lead) }
    return mapped + lead
  }

  /// The floats as a mutable buffer.
  public var elements: UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}
