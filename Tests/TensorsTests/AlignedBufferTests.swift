import Tensors
import Testing

@Suite("AlignedBuffer")
struct AlignedBufferTests {
  @Test(
    "Storage is zero, aligned to 64 bytes and writable to its end",
    arguments: [0, 1, 15, 16, 17, 1000, 524_287, 524_288, 600_001])
  func storage(count: Int) {
    let buffer = AlignedBuffer(count: count)
    #expect(buffer.count == count)
    #expect(buffer.byteCount == 4 * count)
    #expect(buffer.elements.count == count)
    #expect(UInt(bitPattern: buffer.pointer) % 64 == 0)
    #expect(buffer.elements.allSatisfy { $0 == 0 })
    for index in buffer.elements.indices { buffer.pointer[index] = Float(index) }
    if count > 0 { #expect(buffer.elements.last == Float(count - 1)) }
  }

  @Test("Large blocks start on a huge page")
  func hugePages() {
    let large = AlignedBuffer(count: AlignedBuffer.hugePageByteCount / 4)
    #expect(UInt(bitPattern: large.pointer) % UInt(AlignedBuffer.hugePageByteCount) == 0)
  }
}
