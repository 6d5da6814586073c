import KernelInterface

/// Maximum or average pooling over blocked channels, with Caffe's rules at the border: the maximum
/// is over the pixels inside the input, the average divides by the window clipped to the padded
/// input.
func pooling(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: PoolingArguments.self)
  let outputRows = Int(a.pointee.output_h)
  let plane = Int(a.pointee.input_h) * Int(a.pointee.input_w) * 16
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    poolRow(
      a, a.pointee.input + item / outputRows * plane, rows: Window(rowsOf: item % outputRows, a),
      to: a.pointee.output + item * Int(a.pointee.output_w) * 16)
  }
}

/// One output row of one channel block.
/// - Parameters:
///   - plane: row 0 of the input, as `rows` counts them.
///   - output: pixel 0 of the row.
@inline(__always)
func poolRow(
  _ a: UnsafePointer<PoolingArguments>, _ plane: UnsafePointer<Float>, rows: Window,
  to output: UnsafeMutablePointer<Float>
) {
  let width = Int(a.pointee.input_w)
  for q in 0..<Int(a.pointee.output_w) {
    let columns = Window(columnsOf: q, a)
    for lane in 0..<(16 / Vector.scalarCount) {
      let offset = lane * Vector.scalarCount
      let result =
        a.pointee.is_average != 0
        ? average(plane + offset, rows: rows, columns: columns, width: width)
        : maximum(plane + offset, rows: rows, columns: columns, width: width)
      storeVector(result, output + q * 16 + offset)
    }
  }
}

/// One axis of a pooling window.
struct Window {
  /// Pixels inside the input.
  let first: Int
  let last: Int
  /// Length after clipping to the padded input.
  let padded: Int

  @inline(__always)
  private init(index: Int, kernel: Int, stride: Int, pad: Int, size: Int) {
    let start = index * stride - pad
    let end = smaller(start + kernel, size + pad)
    padded = end - start
    first = start > 0 ? start : 0
    last = smaller(end, size)
  }

  @inline(__always)
  init(rowsOf p: Int, _ a: UnsafePointer<PoolingArguments>) {
    self.init(
      index: p, kernel: Int(a.pointee.kernel_h), stride: Int(a.pointee.stride_h),
      pad: Int(a.pointee.pad_h), size: Int(a.pointee.input_h))
  }

  @inline(__always)
  init(columnsOf q: Int, _ a: UnsafePointer<PoolingArguments>) {
    self.init(
      index: q, kernel: Int(a.pointee.kernel_w), stride: Int(a.pointee.stride_w),
      pad: Int(a.pointee.pad_w), size: Int(a.pointee.input_w))
  }

  /// The same window, counted from its first pixel.
  @inline(__always)
  init(fromFirst window: Window) {
    first = 0
    last = window.last - window.first
    padded = window.padded
  }
}

@inline(__always)
private func maximum(
  _ input: UnsafePointer<Float>, rows: Window, columns: Window, width: Int
) -> Vector {
  // Caffe starts from −FLT_MAX, which an empty window keeps.
  var result = Vector(repeating: -Float.greatestFiniteMagnitude)
  var h = rows.first
  while h < rows.last {
    var w = columns.first
    while w < columns.last {
      result = maximum(loadVector(input + (h * width + w) * 16), result)
      w += 1
    }
    h += 1
  }
  return result
}

@inline(__always)
private func average(
  _ input: UnsafePointer<Float>, rows: Window, columns: Window, width: Int
) -> Vector {
  var sum = Vector(repeating: 0)
  var h = rows.first
  while h < rows.last {
    var w = columns.first
    while w < columns.last {
      sum += loadVector(input + (h * width + w) * 16)
      w += 1
    }
    h += 1
  }
  return sum / Vector(repeating: Float(rows.padded * columns.padded))
}
