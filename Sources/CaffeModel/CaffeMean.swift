import Tensors

/// The mean of a training set as Caffe keeps it (`.binaryproto`): one BlobProto.
package enum CaffeMean {
  private static let byteLimit = 1 << 28

  /// Reads a mean: 1×C×H×W in files that Caffe wrote.
  /// - Throws: ``CaffeModelError``: the file can't be read or does not hold a blob.
  package static func read(_ path: String) throws(CaffeModelError) -> Tensor {
    try read(try ByteSource(path: path), path: path)
  }

  /// Reads the bytes of a mean.
  /// - Parameter name: of the file, for errors.
  package static func read(_ bytes: [UInt8], named name: String) throws(CaffeModelError) -> Tensor {
    try read(ByteSource(bytes: bytes), path: name)
  }

  private static func read(_ source: ByteSource, path: String) throws(CaffeModelError) -> Tensor {
    guard source.count <= byteLimit else {
      throw .notABlob(path: path, reason: "\(source.count >> 20) MiB are too much for a mean")
    }
    do throws(WireError) {
      let blob = try WeightIndex.blob(source, 0..<source.count)
      var count = 1
      for extent in blob.dimensions {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard !overflow else { throw WireError("its shape has too many values") }
        count = product
      }
      guard count > 0, count == blob.count else {
        let shape = blob.dimensions.map(String.init).joined(separator: "x")
        throw WireError("it has \(blob.count) values in a blob of shape \(shape)")
      }
      let tensor = Tensor(Shape(blob.dimensions))
      try blob.read(from: source, into: tensor.buffer.elements)
      return tensor
    } catch {
      let kind = FileKind.name(of: source).flatMap { $0 == FileKind.blob ? nil : "it is \($0)" }
      let text = source.looksBinary ? nil : "it is text"
      throw .notABlob(path: path, reason: kind ?? text ?? error.reason)
    }
  }
}
