import Foundation

/// Floats as files have them: little-endian, 4 bytes each.
enum FloatBytes {
  static func append(_ values: UnsafeBufferPointer<Float>, to data: inout Data) {
    #if _endian(little)
      data.append(contentsOf: UnsafeRawBufferPointer(values))
    #else
      for value in values {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
      }
    #endif
  }
}
