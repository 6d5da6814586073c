import KernelInterface

/// Normalisation and pooling of a stage in one pass over rows, in either order, so that what is
/// between them never leaves the cache: see `StageTailArguments`.
func stageTail(_ raw: UnsafeRawPointer) {
  let a = raw.assumingMemoryBound(to: StageTailArguments.self)
  if a.pointee.normalizes_first != 0 { normalizeThenPool(a) } else { poolThenNormalize(a) }
}

/// The embedded argument blocks, which the parts read.
private struct TailParts {
  let pooling: UnsafePointer<PoolingArguments>
  let window: ChannelWindow
  let rows: UnsafeMutablePointer<Float>
  /// Floats of a channel plane, in and out.
  let inputPlane: Int
  let outputPlane: Int

  @inline(__always)
  init(_ a: UnsafePointer<StageTailArguments>) {
    let raw = UnsafeRawPointer(a)
    pooling = raw.assumingMemoryBound(to: PoolingArguments.self)
    window = ChannelWindow(
      (raw + MemoryLayout<PoolingArguments>.size).assumingMemoryBound(
        to: NormalizationArguments.self))
    rows = a.pointee.rows
    inputPlane = Int(pooling.pointee.input_h) * Int(pooling.pointee.input_w) * 16
    outputPlane = Int(pooling.pointee.output_h) * Int(pooling.pointee.output_w) * 16
  }

  /// Normalises a row of `width` pixels.
  @inline(__always)
  func normalizeRow(
    _ input: UnsafePointer<Float>, blockStride: Int, to output: UnsafeMutablePointer<Float>,
    blockStride outputStride: Int, width: Int
  ) {
    var w = 0
    while w < width {
      window.normalize(
        input + w * 16, blockStride: blockStride, to: output + w * 16, blockStride: outputStride,
        pixels: smaller(ChannelWindow.pixelCount, width - w))
      w += ChannelWindow.pixelCount
    }
  }
}

/// The scratch memory holds the normalised rows of the window, [block][row][w][16]; those that the
/// next window shares move to its front.
private func normalizeThenPool(_ a: UnsafePointer<StageTailArguments>) {
  let parts = TailParts(a)
  let p = parts.pooling
  let outputRows = Int(p.pointee.output_h)
  let width = Int(p.pointee.input_w)
  let rowFloats = width * 16
  let held = Int(p.pointee.kernel_h) * rowFloats
  var heldImage = -1
  var heldFirst = 0
  var heldLast = 0
  for item in Int(p.pointee.first_item)..<Int(p.pointee.last_item) {
    let image = item / outputRows
    let window = Window(rowsOf: item % outputRows, p)
    var start = window.first
    if image == heldImage, heldLast > window.first {
      start = heldLast
      let count = (heldLast - window.first) * rowFloats
      let offset = (window.first - heldFirst) * rowFloats
      for block in 0..<parts.window.blocks {
        let front = parts.rows + block * held
        var i = 0
        while i < count {
          storeVector(loadVector(front + offset + i), front + i)
          i += Vector.scalarCount
        }
      }
    }
    let input = p.pointee.input + image * parts.window.blocks * parts.inputPlane
    var h = start
    while h < window.last {
      parts.normalizeRow(
        input + h * rowFloats, blockStride: parts.inputPlane,
        to: parts.rows + (h - window.first) * rowFloats, blockStride: held, width: width)
      h += 1
    }
    (heldImage, heldFirst, heldLast) = (image, window.first, window.last)
    for block in 0..<parts.window.blocks {
      let output =
        p.pointee.output + (image * parts.window.blocks + block) * parts.outputPlane
        + item % outputRows * Int(p.pointee.output_w) * 16
      poolRow(p, parts.rows + block * held, rows: Window(fromFirst: window), to: output)
    }
  }
}

/// The scratch memory holds one pooled row, [block][w][16].
private func poolThenNormalize(_ a: UnsafePointer<StageTailArguments>) {
  let parts = TailParts(a)
  let p = parts.pooling
  let outputRows = Int(p.pointee.output_h)
  let rowFloats = Int(p.pointee.output_w) * 16
  for item in Int(p.pointee.first_item)..<Int(p.pointee.last_item) {
    let image = item / outputRows
    let row = item % outputRows
    let input = p.pointee.input + image * parts.window.blocks * parts.inputPlane
    for block in 0..<parts.window.blocks {
      poolRow(
        p, input + block * parts.inputPlane, rows: Window(rowsOf: row, p),
        to: parts.rows + block * rowFloats)
    }
    let output =
      p.pointee.output + image * parts.window.blocks * parts.outputPlane + row * rowFloats
    parts.normalizeRow(
      parts.rows, blockStride: rowFloats, to: output, blockStride: parts.outputPlane,
      width: Int(p.pointee.output_w))
  }
}
