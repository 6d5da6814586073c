import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Lines over a pair of file descriptors.
package final class LineChannel {
  private let input: Int32
  private let output: Int32
  /// Who is on the other side, for errors.
  private let peer: String
  private var buffer = Data()
  /// Bytes of the buffer that are known to hold no end of line.
  private var searchedCount = 0
  /// Bytes of a line; the longest ones tell a net of hundreds of layers and have a few 100 000.
  private static let byteLimit = 64 << 20

  package init(input: Int32, output: Int32, peer: String = "a worker") {
    self.input = input
    self.output = output
    self.peer = peer
  }

  /// No line came in time.
  package struct Timeout: Error {}

  /// Nothing can be written.
  package struct Closed: Error { package var reason: String }

  /// The next line without its end; nil at the end of the input.
  /// - Parameters:
  ///   - timeout: longest wait for it; nil for any.
  ///   - isOver: whether the other side has ended. Something that it started may still hold the
  ///     channel open.
  /// - Throws: ``Timeout``, or that reading is not possible.
  package func readLine(timeout: Duration? = nil, isOver: () -> Bool = { false }) throws -> Data? {
    let deadline = timeout.map { ContinuousClock.now + $0 }
    while true {
      let unsearched = buffer[(buffer.startIndex + searchedCount)...]
      if let end = unsearched.firstIndex(of: UInt8(ascii: "\n")) {
        searchedCount = 0
        let line = Data(buffer[buffer.startIndex..<end])
        buffer = Data(buffer[(end + 1)...])
        return line
      }
      searchedCount = buffer.count
      guard try wait(for: POLLIN, on: input, until: deadline, isOver: isOver) else { return nil }
      var chunk = [UInt8](repeating: 0, count: 65536)
      let count = read(input, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw MeasuringError.worker("cannot read from \(peer): \(systemSentence(errno))")
      }
      if count == 0 {
        defer { (buffer, searchedCount) = (Data(), 0) }
        return buffer.isEmpty ? nil : buffer
      }
      guard buffer.count + count <= Self.byteLimit else {
        throw MeasuringError.worker(
          "\(peer) sent more than \(Self.byteLimit >> 20) MiB without an end of line")
      }
      buffer.append(contentsOf: chunk[..<count])
    }
  }

  /// Returns once something can be read, the end included, or written.
  /// - Returns: false when the other side has ended without.
  private func wait(
    for event: Int32, on descriptor: Int32, until deadline: ContinuousClock.Instant?,
    isOver: () -> Bool
  ) throws -> Bool {
    while true {
      let wasOver = isOver()
      // How often the other side is looked at: rarely where nobody waits for an answer in time,
      // since a measurement may be going on.
      var slice = deadline == nil ? 10_000 : 1_000.0
      if let deadline {
        let rest = (deadline - ContinuousClock.now) / .milliseconds(1)
        guard rest > 0 else { throw Timeout() }
        slice = min(rest.rounded(.up), slice)
      }
      var request = pollfd(fd: descriptor, events: Int16(event), revents: 0)
      // An interruption only makes for another look.
      if poll(&request, 1, wasOver ? 0 : Int32(slice)) > 0 { return true }
      if wasOver { return false }
    }
  }

  /// Writes a line; the other side may be slow to read it, or not read it at all.
  /// - Parameters:
  ///   - timeout: longest wait for it to be read; nil for any.
  ///   - isOver: whether the other side has ended.
  /// - Throws: ``Timeout`` or ``Closed``.
  package func write(
    _ line: Data, timeout: Duration? = nil, isOver: () -> Bool = { false }
  ) throws {
    let deadline = timeout.map { ContinuousClock.now + $0 }
    var rest = line[...]
    while !rest.isEmpty {
      guard try wait(for: POLLOUT, on: output, until: deadline, isOver: isOver) else {
        throw Closed(reason: "\(peer) ended before it read what was sent")
      }
      // A pipe that can be written takes so many bytes without waiting.
      let count = rest.prefix(Int(PIPE_BUF)).withUnsafeBytes {
        systemWrite(output, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Closed(reason: systemSentence(errno)) }
      rest = rest.dropFirst(count)
    }
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
