import CSupport
import Foundation
import Tensors
import Testing

/// More bytes than a process can address.
private let impossible = 1 << 48

/// Each in a process of its own, which ends.
struct MemoryShortageTests {
  private func sentence(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  }

  @Test("A buffer that there is no memory for ends the program with a sentence and exit code 3")
  func buffer() async {
    let result = await #expect(
      processExitsWith: .exitCode(3), observing: [\.standardErrorContent]
    ) {
      _ = AlignedBuffer(count: impossible / 4)
    }
    #expect(
      sentence(result) == """
        alexbench: out of memory: there are no \(impossible >> 20) MiB more to be had; take a smaller \
        --batch, name fewer backends, or raise the limit (ulimit -v, or that of the control group)

        """)
  }

  @Test("So does an array, where the runtime would abort")
  func array() async {
    let result = await #expect(
      processExitsWith: .exitCode(3), observing: [\.standardErrorContent]
    ) {
      alex_explain_memory_failures()
      print([Double](repeating: 1, count: impossible / 8).count)
    }
    #expect(sentence(result).contains("alexbench: out of memory: "))
  }

  @Test("So does data, where Foundation would trap")
  func data() async {
    let result = await #expect(
      processExitsWith: .exitCode(3), observing: [\.standardErrorContent]
    ) {
      alex_explain_memory_failures()
      print(Data(count: impossible).count)
    }
    #expect(sentence(result).contains("alexbench: out of memory: "))
  }

  @Test("Any other trap ends the program as ever")
  func others() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      alex_explain_memory_failures()
      fatalError("not for lack of memory")
    }
    #expect(!sentence(result).contains("out of memory"))
    if case .exitCode(3) = result?.exitStatus { Issue.record("taken for a lack of memory") }
    let aborted = await #expect(
      processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent]
    ) {
      alex_explain_memory_failures()
      abort()
    }
    #expect(!sentence(aborted).contains("out of memory"))
  }

  @Test("Address space is asked for without being taken")
  func addressSpace() {
    #expect(alex_can_map(0) == 0)
    #expect(alex_can_map(1 << 30) == 0)
    #expect(alex_can_map(Int64(impossible)) == ENOMEM)
  }

  @Test("Large buffers begin on the boundary of a huge page and are zero")
  func largeBuffers() throws {
    let count = 3 << 20
    for extra in [0, 1, 17] {
      let buffer = AlignedBuffer(count: count + extra)
      #expect(Int(bitPattern: buffer.pointer) % AlignedBuffer.hugePageByteCount == 0)
      #expect(buffer.elements.allSatisfy { $0 == 0 })
      buffer.pointer[count + extra - 1] = 1
    }
  }
}
