import KernelInterface

/// Maximum or average pooling over blocked channels, with Caffe's rules at the border: the maximum
/// is over the pixels inside the input, the average divides by the window clipped to the padded
/// input.
func pooling(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: PoolingArguments.self)
  let outputRows = Int(a.pointee.output_h)
  for item in Int(a.pointee.first_item)..<Int(a.pointee.last_item) {
    let plane = item / outputRows
    let p = item % outputRows
    let window = Window(
      index: p, kernel: Int(a.pointee.kernel_h), stride: Int(a.pointee.stride_h),
      pad: Int(a.pointee.pad_h), size: Int(a.pointee.input_h))
    let input = a.pointee.input + plane * Int(a.pointee.input_h) * Int(a.pointee.input_w) * 16
    let output =
      a.pointee.output + (plane * outputRows + p) * Int(a.pointee.output_w) * 16
    for q in 0..<Int(a.pointee.output_w) {
      let columns = Window(
        index: q, kernel: Int(a.pointee.kernel_w), stride: Int(a.pointee.stride_w),
        pad: Int(a.pointee.pad_w), size: Int(a.pointee.input_w))
      for lane in 0..<(16 / Vector.scalarCount) {
        let offset = lane * Vector.scalarCount
        let result =
          a.pointee.is_average != 0
          ? average(input + offset, rows: window, columns: columns, width: Int(a.pointee.input_w))
          : maximum(input + offset, rows: window, columns: columns, width: Int(a.pointee.input_w))
        storeVector(result, output + q * 16 + offset)
      }
    }
  }
}

/// One axis of a pooling window.
private struct Window {
  /// Pixels inside the input.
  let first: Int
  let last: Int
  /// Length after clipping to the padded input.
  let padded: Int

  @inline(__always)
  init(index: Int, kernel: Int, stride: Int, pad: Int, size: Int) {
    let start = index * stride - pad
    let end = start + kernel < size + pad ? start + kernel : size + pad
    padded = end - start
    first = start > 0 ? start : 0
    last = end < size ? end : size
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
