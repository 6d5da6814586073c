import Execution
import Networks
import Tensors

/// The column matrix of one convolution: its shape, and the job that writes it.
///
/// Of one image it is [C·R·S × P·Q], the groups below each other.
struct Unfolding {
  let spec: ConvolutionSpec
  let input: Shape
  let output: Shape

  init(_ spec: ConvolutionSpec, _ node: Graph.Node, in graph: Graph) {
    self.spec = spec
    input = graph.inputShape(of: node)
    output = graph.outputShape(of: node)
  }

  /// False for a 1×1 kernel with stride 1 and no padding: the image as it lies is the matrix.
  var isNeeded: Bool { !(spec.kernel == .one && spec.stride == .one && spec.pad == .zero) }
  /// Rows of the matrix, all groups: C·R·S.
  var rowCount: Int { input.c * spec.kernel.h * spec.kernel.w }
  /// Columns of it: P·Q.
  var pixelCount: Int { output.h * output.w }
  /// Floats that it needs besides the image.
  var floatCount: Int { isNeeded ? rowCount * pixelCount : 0 }

  /// The largest column matrix of a graph's convolutions, in bytes.
  static func largestByteCount(in graph: Graph) -> Int {
    graph.nodes.map { node in
      guard case .convolution(let spec) = node.layer.spec else { return 0 }
      return Unfolding(spec, node, in: graph).floatCount * MemoryLayout<Float>.stride
    }.max() ?? 0
  }

  /// im2col and bias, one call per image; nil when there is neither.
  ///
  /// - Parameters:
  ///   - x: the images.
  ///   - columns: ``floatCount`` floats, used for one image after the other.
  ///   - y: the output images, which start with the bias.
  ///   - bias: K floats, or nil to leave the output alone.
  func job(
    on pool: ThreadPool, from x: UnsafePointer<Float>, into columns: UnsafeMutablePointer<Float>,
    output y: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>?
  ) -> PoolJob<Im2colArguments>? {
    guard isNeeded || bias != nil else { return nil }
    return PoolJob(pool: pool, function: im2col, callCount: input.n) { image, share in
      let rows = share.range(of: rowCount)
      let outputs = share.range(of: output.c)
      return Im2colArguments(
        x: x + image * input.countPerImage, columns: isNeeded ? columns : nil,
        firstRow: rows.lowerBound, rowCount: rows.count, input: Extent(h: input.h, w: input.w),
        output: Extent(h: output.h, w: output.w), kernel: spec.kernel, stride: spec.stride,
        pad: spec.pad, dilation: spec.dilation, y: y + image * output.countPerImage, bias: bias,
        firstOutput: outputs.lowerBound, outputCount: outputs.count)
    }
  }
}

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
