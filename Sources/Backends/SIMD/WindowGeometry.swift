import Execution
import KernelInterface
import Networks
import Tensors

/// A pooling layer as the kernels see it.
struct PoolingGeometry {
  private let spec: PoolingSpec
  private let input: Shape
  private let output: Shape

  init(_ spec: PoolingSpec, _ node: Graph.Node, in graph: Graph) {
    var spec = spec
    input = graph.inputShape(of: node)
    output = graph.outputShape(of: node)
    if spec.isGlobal {
      (spec.kernel, spec.stride, spec.pad) = (Extent(h: input.h, w: input.w), .one, .zero)
    }
    self.spec = spec
  }

  /// Name in the `implementation` column.
  var operation: String { spec.method == .max ? "maxpool-direct" : "avepool-direct" }

  private var blockCount: Int { roundUp(output.c, to: Layout.channelBlock) / Layout.channelBlock }
  /// Output rows of all channel blocks and images.
  var rowCount: Int { output.n * blockCount * output.h }
  /// Output rows of all images.
  var imageRowCount: Int { output.n * output.h }
  /// Floats of an output row in all channels.
  var rowFloatCount: Int { blockCount * output.w * Layout.channelBlock }
  /// Floats of the input rows under a window in all channels.
  var windowFloatCount: Int { blockCount * spec.kernel.h * input.w * Layout.channelBlock }

  func arguments(_ bindings: Bindings, _ share: Range<Int>) -> PoolingArguments {
    PoolingArguments(
      input: UnsafePointer(bindings.inputs[0]), output: bindings.outputs[0],
      input_h: Int32(input.h), input_w: Int32(input.w), output_h: Int32(output.h),
      output_w: Int32(output.w), kernel_h: Int32(spec.kernel.h), kernel_w: Int32(spec.kernel.w),
      stride_h: Int32(spec.stride.h), stride_w: Int32(spec.stride.w), pad_h: Int32(spec.pad.h),
      pad_w: Int32(spec.pad.w), is_average: spec.method == .average ? 1 : 0,
      first_item: Int64(share.lowerBound), last_item: Int64(share.upperBound))
  }
}

/// A local response normalisation across channels as the kernels see it.
struct NormalizationGeometry {
  private let spec: LRNSpec
  private let shape: Shape

  init(_ spec: LRNSpec, _ node: Graph.Node, in graph: Graph) {
    precondition(spec.region == .acrossChannels, "there is no kernel for LRN within a channel")
    self.spec = spec
    shape = graph.inputShape(of: node)
  }

  private var pixels: Int { shape.h * shape.w }
  /// Groups of pixels that are normalised together, of all images.
  var itemCount: Int { shape.n * (roundUp(pixels, to: Int(LRN_PIXELS)) / Int(LRN_PIXELS)) }
  /// Floats that a thread lays squares out in.
  var scratchCount: Int {
    let channels = roundUp(shape.c, to: Layout.channelBlock) + 2 * (spec.size / 2)
    return roundUp(Int(LRN_PIXELS) * channels, to: 32)
  }

  func arguments(
    _ bindings: Bindings, _ share: Range<Int>, scratch: UnsafeMutablePointer<Float>
  ) -> NormalizationArguments {
    NormalizationArguments(
      input: UnsafePointer(bindings.inputs[0]), output: bindings.outputs[0], scratch: scratch,
      channels: Int32(shape.c), pixels: Int32(pixels), half_window: Int32(spec.size / 2),
      alpha_over_size: spec.alpha / Float(spec.size), k: spec.k, beta: spec.beta,
      first_item: Int64(share.lowerBound), last_item: Int64(share.upperBound))
  }
}
