import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Lines over a pair of file descriptors.
final class LineChannel {
  private let input: Int32
  private let output: Int32
  private var buffer = Data()

  init(input: Int32, output: Int32) {
    self.input = input
    self.output = output
  }

  /// The next line without its end; nil at the end of the input.
  func readLine() throws -> Data? {
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Data(buffer[buffer.startIndex..<end])
        buffer = Data(buffer[(end + 1)...])
        return line
      }
      var chunk = [UInt8](repeating: 0, count: 65536)
      let count = read(input, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw MeasuringError.worker(message("cannot read from a worker")) }
      if count == 0 {
        defer { buffer = Data() }
        return buffer.isEmpty ? nil : buffer
      }
      buffer.append(contentsOf: chunk[..<count])
    }
  }

  func write(_ line: Data) throws {
    var rest = line[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { systemWrite(output, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw MeasuringError.worker(message("cannot write to a worker")) }
      rest = rest.dropFirst(count)
    }
  }

  private func message(_ what: String) -> String { "\(what): \(String(cString: strerror(errno)))" }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
