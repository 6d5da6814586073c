import Foundation
import Tensors

/// What is wrong with a golden file.
package enum GoldenError: Error, CustomStringConvertible {
  case npy(path: String, reason: String)
  case missing(String)

  package var description: String {
    switch self {
    case .npy(let path, let reason): "golden file '\(path)': \(reason)"
    case .missing(let what): "golden files: \(what) is missing"
    }
  }
}

/// A float32 array read from a NumPy `.npy` file.
///
/// Source: numpy.lib.format, versions 1.0 and 2.0; C order and `<f4` only.
package struct GoldenArray: Sendable {
  package let shape: Shape
  /// Row-major.
  package let values: [Float]

  package init(npy url: URL) throws {
    func failure(_ reason: String) -> GoldenError { .npy(path: url.path, reason: reason) }
    let bytes = [UInt8](try Data(contentsOf: url))
    guard bytes.count >= 12, Array(bytes[0..<6]) == [0x93] + Array("NUMPY".utf8) else {
      throw failure("not an .npy file")
    }
    let lengthCount = bytes[6] == 1 ? 2 : 4
    let headerStart = 8 + lengthCount
    let headerCount = bytes[8..<headerStart].reversed().reduce(0) { $0 << 8 | Int($1) }
    let dataStart = headerStart + headerCount
    guard dataStart <= bytes.count else { throw failure("the header is cut off") }
    let header = String(decoding: bytes[headerStart..<dataStart], as: UTF8.self)
    guard header.contains("'descr': '<f4'"), header.contains("'fortran_order': False") else {
      throw failure("not C-ordered little-endian float32: \(header)")
    }
    guard let open = header.firstIndex(of: "("), let close = header.firstIndex(of: ")") else {
      throw failure("no shape in \(header)")
    }
    let axes = header[header.index(after: open)..<close].split(separator: ",")
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    let extents = axes.compactMap { Int($0) }
    guard extents.count == axes.count else { throw failure("bad shape in \(header)") }
    shape = Shape(extents)
    guard bytes.count - dataStart == shape.byteCount else {
      throw failure("\(bytes.count - dataStart) bytes for shape \(shape)")
    }
    let count = shape.count
    values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: $0[dataStart...]))
      }
      initialized = count
    }
  }

  /// A tensor with these values, row-major.
  package var tensor: Tensor { Tensor(shape, values: values) }
}

/// max|got − want| ∕ max|want|, the measure in which the tolerances of the golden files are given;
/// infinite for another count or a NaN.
package func relativeError(_ got: [Double], _ want: [Float]) -> Double {
  guard got.count == want.count else { return .infinity }
  var error = 0.0
  var scale = 0.0
  for (got, want) in zip(got, want) {
    let difference = abs(got - Double(want))
    if difference.isNaN { return .infinity }
    error = max(error, difference)
    scale = max(scale, abs(Double(want)))
  }
  return error == 0 ? 0 : error / scale
}

/// The same for float32 results.
package func relativeError(_ got: [Float], _ want: [Float]) -> Double {
  relativeError(got.map(Double.init), want)
}
