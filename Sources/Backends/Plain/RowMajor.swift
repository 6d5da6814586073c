import Execution
import Networks
import Tensors

extension StepInfo {
  /// A step that covers one node and reads and writes row-major blobs.
  init(
    rowMajor index: Int, in graph: Graph, implementation: String, kernelID: String, isa: String
  ) {
    self.init(
      nodes: [index], in: graph, from: .nchw, to: .nchw, implementation: implementation,
      kernelID: kernelID, isa: isa)
  }
}

extension LayerWeights {
  /// Bytes of weight and bias.
  var byteCount: Int { weight.buffer.byteCount + (bias?.buffer.byteCount ?? 0) }
}

extension PoolingSpec {
  /// Kernel, stride and padding over an input, with a global window resolved.
  func window(over input: Shape) -> (kernel: Extent, stride: Extent, pad: Extent) {
    isGlobal ? (Extent(h: input.h, w: input.w), .one, .zero) : (kernel, stride, pad)
  }
}

/// A shape seen from one axis: what lies before it, its length, what lies behind it.
struct AxisSplit: BitwiseCopyable {
  let outer: Int
  let count: Int
  let inner: Int

  init(_ shape: Shape, axis: Int) {
    outer = shape.dimensions[..<axis].reduce(1, *)
    count = shape.dimensions[axis]
    inner = shape.dimensions[(axis + 1)...].reduce(1, *)
  }
}

/// A label as Caffe reads it, cut to a whole number; no class for what is none.
func classLabel(_ value: Float) -> Int { Int(exactly: value.rounded(.towardZero)) ?? .min }
