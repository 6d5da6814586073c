import Execution
import Foundation
import Networks
import Tensors

private struct LRNArguments: BitwiseCopyable {
  let x: UnsafePointer<Float>
  let y: UnsafeMutablePointer<Float>
  /// Running sums of one chunk of pixels, or of one row.
  let sums: UnsafeMutablePointer<Float>
  /// Chunks of an image (across channels) or planes (within a channel) of this thread.
  let firstUnit: Int
  let unitCount: Int
  let channels: Int
  let rows: Int
  let columns: Int
  let chunksPerImage: Int
  let half: Int
  /// α ∕ n
  let factor: Float
  let k: Float
  let beta: Float
}

/// Pixels whose running sums are kept at a time; 2 KB, so that they stay in the first cache.
private let chunkPixelCount = 512

/// Local response normalisation. Across channels: Caffe's sliding sum along the channels, for a chunk
/// of pixels at a time; squares rather than Caffe's scaled squares are summed, so that the errors of
/// sliding are scaled down by α ∕ n with them.
func plainLRN(_ spec: LRNSpec, _ index: Int, in graph: Graph, pool: ThreadPool) -> any Step {
  let shape = graph.inputShape(of: graph.nodes[index])
  let isAcross = spec.region == .acrossChannels
  let pixels = shape.h * shape.w
  let chunks = max((pixels + chunkPixelCount - 1) / chunkPixelCount, pool.threadCount)
  let units = isAcross ? shape.n * chunks : shape.n * shape.c
  let scratch = ScratchRows(count: isAcross ? (pixels + chunks - 1) / chunks : shape.w)
  let power = spec.beta == 0.75 ? "sqrt" : "powf"
  var info = StepInfo(
    plain: "lrn-\(isAcross ? "sliding" : "window")-\(power)", index, in: graph)
  info.workspaceByteCount = scratch.byteCount(threadCount: pool.threadCount)
  return PlainStep(
    info: info, pool: pool, function: isAcross ? lrnAcrossChannels : lrnWithinChannel
  ) { bindings, share in
    let part = share.range(of: units)
    return LRNArguments(
      x: UnsafePointer(bindings.inputs[0]), y: bindings.outputs[0],
      sums: scratch.row(share, in: bindings.workspace), firstUnit: part.lowerBound,
      unitCount: part.count, channels: shape.c, rows: shape.h, columns: shape.w,
      chunksPerImage: chunks, half: (spec.size - 1) / 2,
      factor: spec.alpha / Float(isAcross ? spec.size : spec.size * spec.size),
      k: isAcross ? spec.k : 1, beta: spec.beta)
  }
}

private func lrnAcrossChannels(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: LRNArguments.self)
  let pixels = a.rows * a.columns
  let sums = a.sums
  for unit in a.firstUnit..<a.firstUnit + a.unitCount {
    let image = unit / a.chunksPerImage
    let part = ThreadShare(thread: unit % a.chunksPerImage, threadCount: a.chunksPerImage)
      .range(of: pixels)
    let x = a.x + image * a.channels * pixels + part.lowerBound
    let y = a.y + image * a.channels * pixels + part.lowerBound
    let count = part.count
    for i in 0..<count { sums[i] = 0 }
    for c in 0..<min(a.half, a.channels) { addSquares(x + c * pixels, count, to: sums) }
    for c in 0..<a.channels {
      if c + a.half < a.channels { addSquares(x + (c + a.half) * pixels, count, to: sums) }
      if c > a.half {
        let leaving = x + (c - a.half - 1) * pixels
        // A sum of squares is never negative; what rounding leaves of one could be.
        for i in 0..<count { sums[i] = max(sums[i] - leaving[i] * leaving[i], 0) }
      }
      normalize(x + c * pixels, sums, y + c * pixels, count, a)
    }
  }
}

private func lrnWithinChannel(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: LRNArguments.self)
  let pixels = a.rows * a.columns
  for plane in a.firstUnit..<a.firstUnit + a.unitCount {
    let x = a.x + plane * pixels
    let y = a.y + plane * pixels
    for h in 0..<a.rows {
      let out = y + h * a.columns
      for w in 0..<a.columns { a.sums[w] = 0 }
      for row in max(h - a.half, 0)..<min(h + a.half + 1, a.rows) {
        addSquares(x + row * a.columns, a.columns, to: a.sums)
      }
      // The sums of the columns of the window; `out` takes the sum over its width.
      for w in 0..<a.columns { out[w] = 0 }
      for offset in -a.half..<a.half + 1 {
        let from = a.sums + offset
        for w in outputsInside(offset: offset, stride: 1, input: a.columns, output: a.columns) {
          out[w] += from[w]
        }
      }
      normalize(x + h * a.columns, out, out, a.columns, a)
    }
  }
}

@inline(__always)
private func addSquares(
  _ x: UnsafePointer<Float>, _ count: Int, to sums: UnsafeMutablePointer<Float>
) {
  for i in 0..<count { sums[i] += x[i] * x[i] }
}

/// y = x · (k + factor · sum)^−β. `y` may be `sums`.
@inline(__always)
private func normalize(
  _ x: UnsafePointer<Float>, _ sums: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>,
  _ count: Int, _ a: LRNArguments
) {
  let (k, factor) = (a.k, a.factor)
  if a.beta == 0.75 {
    // scale^−3∕4 = 1 ∕ (√scale · √√scale): vector instructions, where powf is a call.
    for i in 0..<count {
      let root = (k + factor * sums[i]).squareRoot()
      y[i] = x[i] / (root * root.squareRoot())
    }
  } else {
    for i in 0..<count { y[i] = x[i] * pow(k + factor * sums[i], -a.beta) }
  }
}
