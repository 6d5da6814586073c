import Files

/// What is wrong with an array file, one sentence each.
public enum NPYError: Error, Equatable, CustomStringConvertible {
  case missing(path: String)
  case unreadable(path: String, reason: String)
  case cannotWrite(path: String, reason: String)
  case corrupt(path: String, reason: String)

  public var description: String { oneLine(sentence) }

  private var sentence: String {
    switch self {
    case .missing(let path): "there is no file '\(path)'"
    case .unreadable(let path, let reason): "cannot read '\(path)': \(reason)"
    case .cannotWrite(let path, let reason): "cannot write '\(path)': \(reason)"
    case .corrupt(let path, let reason):
      "'\(path)' is not an .npy file that can be used: \(reason)"
    }
  }
}

extension NPYError {
  package init(_ error: FilesError) {
    switch error {
    case .cannotWrite(let path, let reason): self = .cannotWrite(path: path, reason: reason)
    case .cannotRead(let path, let reason): self = .unreadable(path: path, reason: reason)
    }
  }
}

/// Arrays in NumPy's `.npy` files.
/// - Source: NumPy documentation, numpy.lib.format, versions 1.0 and 2.0.
public enum NPYFile {
  /// Reads an array in row-major (C) order.
  ///
  /// `<f4` as it is; `<f8` is rounded; integers and booleans must be exact in float32.
  public static func read(_ path: String) throws(NPYError) -> Tensor {
    try NPYReader(path: path).tensor()
  }

  /// Reads an array from the bytes of a file.
  /// - Parameter name: of the file, for errors.
  public static func read(_ bytes: [UInt8], named name: String) throws(NPYError) -> Tensor {
    try NPYReader(bytes: bytes, path: name).tensor()
  }

  /// Writes row-major float32 values in format 1.0; the file appears whole or not at all.
  public static func write(_ values: [Float], shape: Shape, to path: String) throws(NPYError) {
    precondition(values.count == shape.count, "\(values.count) values for shape \(shape)")
    do throws(FilesError) {
      let file = try WholeFile(path: path)
      try file.write(header(shape))
      try values.withUnsafeBufferPointer { values throws(FilesError) in
        try file.write(UnsafeRawBufferPointer(values))
      }
      try file.finish()
    } catch {
      throw NPYError(error)
    }
  }

  /// Magic, version, and the dictionary, filled up so that the values begin at a multiple of 64.
  static func header(_ shape: Shape) -> [UInt8] {
    let axes = shape.dimensions.map { "\($0)," }.joined(separator: " ")
    let tuple = shape.rank == 1 ? axes : String(axes.dropLast())
    var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(tuple)), }"
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let count = text.utf8.count
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(count & 0xff), UInt8(count >> 8)]
      + Array(text.utf8)
  }
}
