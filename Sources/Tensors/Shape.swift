/// The extent of a blob along each axis, outermost first, as Caffe writes it: N, C, H, W for
/// images, N, K for the output of an inner product.
public struct Shape: Hashable, Sendable, CustomStringConvertible {
  /// The extents, outermost axis first. May be empty (a scalar).
  public let dimensions: [Int]

  /// - Parameter dimensions: extents, each at least 0.
  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "a shape has no negative extent")
    self.dimensions = dimensions
  }

  /// An image blob.
  public init(n: Int, c: Int, h: Int, w: Int) { self.init([n, c, h, w]) }

  /// One value without axes.
  public static let scalar = Shape([])

  /// Number of elements.
  public var count: Int { dimensions.reduce(1, *) }
  /// Number of bytes of the blob in float32.
  public var byteCount: Int { count * MemoryLayout<Float>.stride }
  /// Number of axes.
  public var rank: Int { dimensions.count }

  /// Batch size; a missing axis counts as 1 (Caffe's legacy shape rule).
  public var n: Int { legacy(0) }
  /// Channels.
  public var c: Int { legacy(1) }
  /// Rows.
  public var h: Int { legacy(2) }
  /// Columns.
  public var w: Int { legacy(3) }
  /// Elements of one image.
  public var countPerImage: Int { dimensions.dropFirst().reduce(1, *) }

  /// The axis counted from the front, where a negative one counts from the end; nil outside.
  public func canonicalAxis(_ axis: Int) -> Int? {
    axis >= -rank && axis < rank ? (axis < 0 ? axis + rank : axis) : nil
  }

  /// Elements along some axes; 1 for none of them.
  public func count(of axes: Range<Int>) -> Int { dimensions[axes].reduce(1, *) }

  private func legacy(_ axis: Int) -> Int { axis < rank ? dimensions[axis] : 1 }

  /// This shape with another batch size.
  public func withBatch(_ batch: Int) -> Shape {
    precondition(rank >= 1, "a scalar has no batch axis")
    return Shape([batch] + dimensions.dropFirst())
  }

  /// `2x3x4`; `scalar` without axes.
  public var description: String {
    rank == 0 ? "scalar" : dimensions.map(String.init).joined(separator: "x")
  }
}
