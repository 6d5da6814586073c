/// How the elements of a blob lie in memory.
///
/// Networks speak ``nchw``. A backend may keep another layout between its own steps; the index
/// map here, not the backend's own reorder, is what the check reads results through.
public enum Layout: Hashable, Sendable, CustomStringConvertible {
  /// Row-major in the order of the shape's axes.
  case nchw
  /// Channels in blocks of `block` next to each other: [N][⌈C/block⌉][H][W][block]. Channels that
  /// fill up the last block are zero.
  case blockedChannels(block: Int)
  /// The channels of a pixel next to each other: [N][H][W][C].
  case channelsLast

  /// Name as it stands in the `layout` column: `nchw`, `nChw16c`, `nhwc`.
  public var description: String {
    switch self {
    case .nchw: "nchw"
    case .blockedChannels(let block): "nChw\(block)c"
    case .channelsLast: "nhwc"
    }
  }

  /// Number of floats that a blob of `shape` occupies, fill included.
  public func elementCount(of shape: Shape) -> Int {
    switch self {
    case .nchw, .channelsLast: shape.count
    case .blockedChannels(let block):
      shape.n * ((shape.c + block - 1) / block) * block * shape.h * shape.w
    }
  }

  /// Offset in floats of element (n, c, h, w).
  public func offset(n: Int, c: Int, h: Int, w: Int, in shape: Shape) -> Int {
    switch self {
    case .nchw:
      return ((n * shape.c + c) * shape.h + h) * shape.w + w
    case .blockedChannels(let block):
      let blocks = (shape.c + block - 1) / block
      return (((n * blocks + c / block) * shape.h + h) * shape.w + w) * block + c % block
    case .channelsLast:
      return ((n * shape.h + h) * shape.w + w) * shape.c + c
    }
  }

  /// Copies a row-major blob into this layout; fill is set to zero.
  /// - Parameters:
  ///   - source: `shape.count` floats in row-major order.
  ///   - destination: ``elementCount(of:)`` floats.
  public func pack(
    _ source: UnsafePointer<Float>, shape: Shape, into destination: UnsafeMutablePointer<Float>
  ) {
    guard self != .nchw else {
      return destination.update(from: source, count: shape.count)
    }
    destination.update(repeating: 0, count: elementCount(of: shape))
    forEachRow(of: shape) { row, offset, stride in
      for w in 0..<shape.w { destination[offset + w * stride] = source[row + w] }
    }
  }

  /// Copies a blob in this layout into row-major order.
  public func unpack(
    _ source: UnsafePointer<Float>, shape: Shape, into destination: UnsafeMutablePointer<Float>
  ) {
    guard self != .nchw else {
      return destination.update(from: source, count: shape.count)
    }
    forEachRow(of: shape) { row, offset, stride in
      for w in 0..<shape.w { destination[row + w] = source[offset + w * stride] }
    }
  }

  /// Calls `body(row-major offset, offset here, distance of pixels here)` for each row of an image
  /// blob.
  private func forEachRow(of shape: Shape, _ body: (Int, Int, Int) -> Void) {
    precondition(shape.rank <= 4, "layout \(self) has at most four axes, not \(shape)")
    let stride =
      switch self {
      case .nchw: 1
      case .blockedChannels(let block): block
      case .channelsLast: shape.c
      }
    var row = 0
    for n in 0..<shape.n {
      for c in 0..<shape.c {
        for h in 0..<shape.h {
          body(row, offset(n: n, c: c, h: h, w: 0, in: shape), stride)
          row += shape.w
        }
      }
    }
  }
}
