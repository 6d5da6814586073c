import Foundation

extension StoredBlob {
  /// Copies the values from the file to where they are needed. The file is little-endian, as are all
  /// processors that this is built for.
  /// - Parameter destination: room for ``count`` values.
  func read(
    from source: ByteSource, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(WireError) {
    precondition(destination.count == count)
    var done = 0
    var reader = WireReader(source, range)
    while true {
      guard let (number, value) = try reader.next() else { break }
      switch (number, value) {
      case (5, .bytes(let values)) where !isDouble:
        let count = values.count / 4
        try check(done + count)
        try copy(
          source, values.lowerBound,
          UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(destination)[done * 4..<(done + count) * 4]))
        done += count
      case (5, .fixed32(let first)) where !isDouble:
        let count = 1 + (try reader.skipRun(of: 5 << 3 | 5))
        try check(done + count)
        // Each value with the tag of the next between.
        try convert(source, first, stride: 5, count: count) { bytes in
          destination[done] = Float(bitPattern: bytes.loadUnaligned(as: UInt32.self).littleEndian)
          done += 1
        }
      case (8, .bytes(let values)) where isDouble:
        try check(done + values.count / 8)
        try convert(source, values.lowerBound, stride: 8, count: values.count / 8) { bytes in
          let bits = bytes.loadUnaligned(as: UInt64.self).littleEndian
          destination[done] = Float(Double(bitPattern: bits))
          done += 1
        }
      case (8, .fixed64(let at)) where isDouble:
        try check(done + 1)
        try convert(source, at, stride: 8, count: 1) { bytes in
          let bits = bytes.loadUnaligned(as: UInt64.self).littleEndian
          destination[done] = Float(Double(bitPattern: bits))
          done += 1
        }
      default: continue
      }
    }
    guard done == count else { throw WireError("the file changed while it was read") }
  }

  private func check(_ done: Int) throws(WireError) {
    guard done <= count else { throw WireError("the file changed while it was read") }
  }

  private func copy(
    _ source: ByteSource, _ offset: Int, _ buffer: UnsafeMutableRawBufferPointer
  ) throws(WireError) {
    do throws(CaffeModelError) {
      try source.read(at: offset, into: buffer)
    } catch {
      throw WireError(error.description)
    }
  }

  /// Calls `body` with each of `count` values that begin `stride` bytes apart.
  private func convert(
    _ source: ByteSource, _ offset: Int, stride: Int, count: Int,
    _ body: (UnsafeRawPointer) -> Void
  ) throws(WireError) {
    let chunkCount = 8192
    let valueCount = stride == 5 ? 4 : stride
    var first = 0
    while first < count {
      let now = min(chunkCount, count - first)
      let bytes: [UInt8]
      do throws(CaffeModelError) {
        bytes = try source.bytes(
          at: offset + first * stride, count: (now - 1) * stride + valueCount)
      } catch {
        throw WireError(error.description)
      }
      bytes.withUnsafeBytes { raw in
        guard let base = raw.baseAddress else { return }
        for index in 0..<now { body(base + index * stride) }
      }
      first += now
    }
  }
}
