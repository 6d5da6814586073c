import CaffeModel
import Foundation
import Tensors
import Testing

@Suite("Means in binaryproto files")
struct CaffeMeanTests {
  private func read(_ bytes: [UInt8]) throws -> Tensor {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-mean-\(UUID().uuidString).binaryproto")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try CaffeMean.read(url.path)
  }

  private func littleEndian(_ values: [Float]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
  }

  @Test("Both ways to tell the shape, and values packed or not, are read")
  func shapes() throws {
    // num, channels, height and width in fields 1 to 4; or field 7, a shape with packed extents.
    let legacy: [UInt8] = [0x08, 1, 0x10, 3, 0x18, 1, 0x20, 2]
    let today: [UInt8] = [0x3a, 6, 0x0a, 4, 1, 3, 1, 2]
    let values: [Float] = [1, 2, 3, 4, 5, 6]
    let packed: [UInt8] = [0x2a, 24] + littleEndian(values)
    var single: [UInt8] = []
    var double: [UInt8] = []
    for value in values {
      single += [0x2d] + littleEndian([value])
      double.append(0x41)
      withUnsafeBytes(of: Double(value).bitPattern.littleEndian) { double += $0 }
    }
    let files: [[UInt8]] = [legacy + packed, today + packed, today + single, today + double]
    for file in files {
      let mean = try read(file)
      #expect(mean.shape == Shape(n: 1, c: 3, h: 1, w: 2))
      #expect(mean.values == [1, 2, 3, 4, 5, 6])
    }
  }

  @Test("Other files are refused in one sentence")
  func refusals() throws {
    let value = littleEndian([1])
    let short: [UInt8] = [0x3a, 5, 0x0a, 3, 3, 2, 2, 0x2a, 4] + value
    // Eight extents of 2147483647.
    var huge: [UInt8] = [0x3a, 42, 0x0a, 40]
    for _ in 0..<8 { huge += [0xff, 0xff, 0xff, 0xff, 7] }
    huge += [0x2a, 4] + value
    let noise = [UInt8](repeating: 0xff, count: 100)
    let files: [[UInt8]] = [[], Array("104,117,123".utf8), short, huge, noise]
    for bytes in files {
      let error = #expect(throws: CaffeModelError.self) { try read(bytes) }
      #expect(try #require(error).description.contains("is not a mean"))
    }
    #expect(throws: CaffeModelError.missing(path: "/proc/nonexistent")) {
      try CaffeMean.read("/proc/nonexistent")
    }
  }
}
