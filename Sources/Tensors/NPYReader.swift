#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One `.npy` file while it is read.
struct NPYReader {
  private let path: String
  private let bytes: [UInt8]
  /// Arrays of more than a Caffe blob can hold are refused before they are read.
  private static let byteLimit = 8 << 31

  init(path: String) throws(NPYError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw .missing(path: path) }
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "it is not a regular file")
    }
    let count = Int(status.st_size)
    guard count <= Self.byteLimit else {
      throw .unreadable(path: path, reason: "\(count) bytes are more than a blob can have")
    }
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
      while done < count {
        let got = pread(descriptor, buffer.baseAddress! + done, count - done, off_t(done))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { code = errno }
        if got <= 0 { return }
        done += got
      }
    }
    if code != 0 { throw .unreadable(path: path, reason: String(cString: strerror(code))) }
    self.init(bytes: bytes, path: path)
  }

  /// - Parameter path: for messages.
  init(bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// The array as float32.
  func tensor() throws(NPYError) -> Tensor {
    guard bytes.count >= 10, bytes[0] == 0x93, bytes[1..<6].elementsEqual("NUMPY".utf8) else {
      throw corrupt("it does not begin as one")
    }
    let version = bytes[6]
    guard version == 1 || version == 2 else {
      throw corrupt("its version \(version).\(bytes[7]) is not 1.0 or 2.0")
    }
    let start = version == 1 ? 10 : 12
    guard bytes.count >= start else { throw corrupt("its header is cut off") }
    let length = bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= bytes.count - start else { throw corrupt("its header is cut off") }
    let header = try NPYHeader(Array(bytes[start..<start + length]), corrupt: corrupt)
    if header.isFortran {
      throw corrupt(
        "its values are in column-major (Fortran) order; save numpy.ascontiguousarray(x)")
    }
    guard let element = NPYElement(rawValue: header.element) else {
      throw corrupt(
        "its values are of type '\(header.element)'; possible are '<f4', '<f8' and integers")
    }
    var count = 1
    for extent in header.shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= Int(Int32.max) else {
        throw corrupt("its shape \(Shape(header.shape)) has too many values")
      }
      count = product
    }
    let data = start + length
    guard bytes.count - data == count * element.byteCount else {
      throw corrupt(
        "\(bytes.count - data) bytes follow the header where shape '\(Shape(header.shape))' needs "
          + "\(count * element.byteCount)")
    }
    let tensor = Tensor(Shape(header.shape))
    let isExact = bytes.withUnsafeBytes {
      element.convert(UnsafeRawBufferPointer(rebasing: $0[data...]), into: tensor.buffer.elements)
    }
    guard isExact else {
      throw corrupt("it has integers that float32 cannot represent; convert it to float32")
    }
    return tensor
  }

  private func corrupt(_ reason: String) -> NPYError { .corrupt(path: path, reason: reason) }
}

/// Types of values that can be read; all little-endian.
private enum NPYElement: String {
  case float32 = "<f4"
  case float64 = "<f8"
  case bool = "|b1"
  case int8 = "|i1"
  case uint8 = "|u1"
  case int16 = "<i2"
  case uint16 = "<u2"
  case int32 = "<i4"
  case uint32 = "<u4"
  case int64 = "<i8"
  case uint64 = "<u8"

  var byteCount: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// - Returns: whether all integers have exactly the same value as float32.
  func convert(
    _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>
  ) -> Bool {
    func integers<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> Bool {
      for index in destination.indices {
        let value = T(
          littleEndian: source.loadUnaligned(fromByteOffset: index * byteCount, as: type))
        guard let exact = Float(exactly: value) else { return false }
        destination[index] = exact
      }
      return true
    }
    switch self {
    case .float32:
      UnsafeMutableRawBufferPointer(destination).copyMemory(from: source)
      return true
    case .float64:
      for index in destination.indices {
        let bits = source.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
        destination[index] = Float(Double(bitPattern: UInt64(littleEndian: bits)))
      }
      return true
    case .bool:
      for index in destination.indices { destination[index] = source[index] == 0 ? 0 : 1 }
      return true
    case .int8: return integers(Int8.self)
    case .uint8: return integers(UInt8.self)
    case .int16: return integers(Int16.self)
    case .uint16: return integers(UInt16.self)
    case .int32: return integers(Int32.self)
    case .uint32: return integers(UInt32.self)
    case .int64: return integers(Int64.self)
    case .uint64: return integers(UInt64.self)
    }
  }
}
