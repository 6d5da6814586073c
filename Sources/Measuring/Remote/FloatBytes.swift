import Files

/// Floats as files have them: little-endian, 4 bytes each.
enum FloatBytes {
  static func write(_ values: UnsafeBufferPointer<Float>, to file: WholeFile) throws(FilesError) {
    #if _endian(little)
      try file.write(UnsafeRawBufferPointer(values))
    #else
      for value in values {
        try withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes throws(FilesError) in
          try file.write(bytes)
        }
      }
    #endif
  }
}
