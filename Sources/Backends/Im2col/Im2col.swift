import Networks
import Tensors

/// One thread's share of preparing an image for the GEMM: rows of the column matrix to unfold, and rows
/// of the output to fill with the bias.
struct Im2colArguments: BitwiseCopyable {
  /// The image, C×H×W.
  let x: UnsafePointer<Float>
  /// The column matrix, C·R·S rows of P·Q; nil when the image itself is the matrix.
  let columns: UnsafeMutablePointer<Float>?
  let firstRow: Int
  let rowCount: Int
  let input: Extent
  let output: Extent
  let kernel: Extent
  let stride: Extent
  let pad: Extent
  let dilation: Extent
  /// The output image, K×P×Q.
  let y: UnsafeMutablePointer<Float>
  /// Nil without bias.
  let bias: UnsafePointer<Float>?
  let firstOutput: Int
  let outputCount: Int
}

/// Unfolds as Caffe's `im2col_cpu`: row (c, r, s) of the column matrix holds, for each output (p, q), the
/// input that weight (c, r, s) meets there, or a zero of the padding.
///
/// The bias goes into the output beforehand, and the GEMM adds to it (beta = 1), where Caffe adds it
/// afterwards by a second GEMM of rank one: one pass over the output less, and OpenBLAS would
/// otherwise clear the output in a pass of its own.
func im2col(_ raw: UnsafeRawPointer) {
  let a = raw.load(as: Im2colArguments.self)
  let pixels = a.output.h * a.output.w
  if let bias = a.bias {
    for k in a.firstOutput..<a.firstOutput + a.outputCount {
      (a.y + k * pixels).update(repeating: bias[k], count: pixels)
    }
  }
  guard let columns = a.columns else { return }
  for row in a.firstRow..<a.firstRow + a.rowCount {
    let s = row % a.kernel.w
    let r = row / a.kernel.w % a.kernel.h
    let c = row / (a.kernel.w * a.kernel.h)
    let plane = a.x + c * a.input.h * a.input.w
    let offset = s * a.dilation.w - a.pad.w
    let inside = outputsInside(
      offset: offset, stride: a.stride.w, input: a.input.w, output: a.output.w)
    for p in 0..<a.output.h {
      let out = columns + (row * a.output.h + p) * a.output.w
      let h = p * a.stride.h - a.pad.h + r * a.dilation.h
      guard h >= 0, h < a.input.h, !inside.isEmpty else {
        out.update(repeating: 0, count: a.output.w)
        continue
      }
      let from = plane + (h * a.input.w + offset)
      for q in 0..<inside.lowerBound { out[q] = 0 }
      if a.stride.w == 1 {
        (out + inside.lowerBound).update(from: from + inside.lowerBound, count: inside.count)
      } else {
        for q in inside { out[q] = from[q &* a.stride.w] }
      }
      for q in inside.upperBound..<a.output.w { out[q] = 0 }
    }
  }
}
