import Foundation
import Tensors
import Testing

@Suite("Array files")
struct NPYFileTests {
  private func withPath<T>(_ body: (String) throws -> T) throws -> T {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("\(UUID().uuidString).npy").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  /// A file as NumPy writes it.
  private func file(
    _ descriptor: String, _ shape: String, _ values: [UInt8], fortran: Bool = false,
    version: UInt8 = 1, pad: Int = 0
  ) -> [UInt8] {
    let header =
      "{'descr': '\(descriptor)', 'fortran_order': \(fortran ? "True" : "False"), "
      + "'shape': \(shape), }" + String(repeating: " ", count: pad) + "\n"
    let count = header.utf8.count
    let length =
      version == 1
      ? [UInt8(count & 0xff), UInt8(count >> 8)] : [UInt8(count & 0xff), UInt8(count >> 8), 0, 0]
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(header.utf8) + values
  }

  private func read(_ bytes: [UInt8]) throws -> Tensor {
    try withPath { path in
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return try NPYFile.read(path)
    }
  }

  private func bytes<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] {
    values.withUnsafeBytes(Array.init)
  }

  @Test(
    "What is written is read again, bit for bit",
    arguments: [Shape([]), Shape([3]), Shape([2, 3]), Shape([1, 2, 3, 4]), Shape([0, 4])])
  func roundTrip(shape: Shape) throws {
    let values = (0..<shape.count).map { Float($0) * 0.1 - 0.3 }
    try withPath { path in
      try NPYFile.write(values, shape: shape, to: path)
      let tensor = try NPYFile.read(path)
      #expect(tensor.shape == shape)
      #expect(tensor.values.map(\.bitPattern) == values.map(\.bitPattern))
      let written = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect((written.count - shape.byteCount) % 64 == 0, "values are aligned, as NumPy has them")
    }
  }

  @Test("Double values and whole numbers are read as float32, in both versions of the format")
  func types() throws {
    let wanted: [Float] = [0, 1, 5, 100]
    #expect(try read(file("<f8", "(4,)", bytes([0, 1, 5, 100.0]))).values == wanted)
    #expect(try read(file("<i8", "(4,)", bytes([0, 1, 5, 100] as [Int64]))).values == wanted)
    #expect(try read(file("<i4", "(2, 2)", bytes([0, 1, 5, 100] as [Int32]))).values == wanted)
    #expect(try read(file("<u2", "(4,)", bytes([0, 1, 5, 100] as [UInt16]))).values == wanted)
    #expect(try read(file("|u1", "(4, 1)", [0, 1, 5, 100], version: 2)).values == wanted)
    #expect(try read(file("|i1", "(2,)", [0xff, 2])).values == [-1, 2])
    #expect(try read(file("|b1", "(2,)", [0, 1], pad: 300)).values == [0, 1])
    #expect(try read(file("<f4", "()", bytes([2.5] as [Float]))).shape == Shape([]))
  }

  @Test("What cannot be used is refused with the reason")
  func refuses() throws {
    let cases: [([UInt8], String)] = [
      (file("<f4", "(2, 2)", bytes([0, 1, 2, 3] as [Float]), fortran: true), "Fortran"),
      (file(">f4", "(1,)", [0, 0, 0, 0]), "'>f4'"), (file("<c8", "(0,)", []), "'<c8'"),
      (file("<f4", "(2,)", [0, 0, 0, 0]), "4 bytes follow"),
      (file("<f4", "(1,)", [0, 0, 0, 0, 0]), "5 bytes follow"),
      (file("<f4", "(9223372036854775807, 2)", []), "too many"),
      (file("<f4", "(-1,)", []), "sizes"), (file("<f4", "5", []), "'('"),
      (file("<i8", "(1,)", bytes([1 << 24 + 1] as [Int64])), "float32"),
      (file("<f4", "(1,)", [0, 0, 0, 0], version: 3), "version"),
      (Array("PK".utf8), "begin"), ([], "begin"),
      ([0x93] + Array("NUMPY".utf8) + [1, 0, 0xff, 0xff], "cut off"),
      ([0x93] + Array("NUMPY".utf8) + [1, 0, 2, 0] + Array("{}".utf8), "lacks"),
    ]
    for (bytes, words) in cases {
      let error = try #require(throws: NPYError.self, "\(words)") { try read(bytes) }
      #expect(error.description.contains(words), "\(error)")
    }
    #expect(throws: NPYError.missing(path: "/proc/nonexistent.npy")) {
      try NPYFile.read("/proc/nonexistent.npy")
    }
    let error = try #require(throws: NPYError.self) {
      try NPYFile.write([1], shape: Shape([1]), to: "/proc/nonexistent/x.npy")
    }
    #expect(error.description.contains("cannot write '/proc/nonexistent/x.npy'"))
  }
}
