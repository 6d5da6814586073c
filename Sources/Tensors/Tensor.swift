/// A blob with its storage: shape, layout, and a buffer that it owns.
///
/// A reference to shared storage, not a value with copy-on-write: kernels write through pointers.
public struct Tensor: Sendable {
  public let shape: Shape
  public let layout: Layout
  public let buffer: AlignedBuffer

  /// A zeroed blob.
  public init(_ shape: Shape, layout: Layout = .nchw) {
    self.shape = shape
    self.layout = layout
    buffer = AlignedBuffer(count: layout.elementCount(of: shape))
  }

  /// A row-major blob with the given values.
  public init(_ shape: Shape, values: [Float]) {
    precondition(values.count == shape.count, "\(values.count) values for shape \(shape)")
    self.init(shape)
    for (index, value) in values.enumerated() { pointer[index] = value }
  }

  /// First float of the storage.
  public var pointer: UnsafeMutablePointer<Float> { buffer.pointer }

  /// The values in row-major order, whatever the layout.
  public var values: [Float] {
    [Float](unsafeUninitializedCapacity: shape.count) { result, initializedCount in
      if let base = result.baseAddress {
        layout.unpack(pointer, shape: shape, into: base)
      }
      initializedCount = shape.count
    }
  }

  /// A copy of a row-major matrix with rows and columns exchanged.
  public var transposed: Tensor {
    precondition(shape.rank == 2 && layout == .nchw, "only a matrix can be transposed")
    let (rows, columns) = (shape.dimensions[0], shape.dimensions[1])
    let result = Tensor(Shape([columns, rows]))
    for row in 0..<rows {
      for column in 0..<columns {
        result.pointer[column * rows + row] = pointer[row * columns + column]
      }
    }
    return result
  }

  /// A copy in another layout.
  public func converted(to layout: Layout) -> Tensor {
    let result = Tensor(shape, layout: layout)
    values.withUnsafeBufferPointer {
      if let base = $0.baseAddress { layout.pack(base, shape: shape, into: result.pointer) }
    }
    return result
  }
}
