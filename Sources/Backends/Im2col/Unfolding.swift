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
