import Execution
import KernelInterface
import Networks
import Tensors

/// A convolution with stride 4 as one with stride 1 over the 16 phases of its input, so that
/// Winograd's method applies: AlexNet's conv1, 11×11 over 3 channels, becomes 3×3 over 48.
///
/// The filter is cut into the same phases; those of the 12×12 that the 11×11 lacks are zero.
struct StridePhases {
  static let stride = 4
  private static let lanes = stride * stride

  let spec: ConvolutionSpec
  let input: Shape
  /// Stride 1, no padding, the phases as channels.
  let phasedSpec: ConvolutionSpec
  let phasedInput: Shape

  /// - Returns: nil unless the stride is 4 and the filter square, with no groups or dilation.
  init?(spec: ConvolutionSpec, input: Shape, output: Shape) {
    guard spec.stride == Extent(Self.stride), spec.kernel.h == spec.kernel.w,
      spec.kernel.h > Self.stride, spec.groups == 1, spec.dilation == .one
    else { return nil }
    let taps = roundUp(spec.kernel.h, to: Self.stride) / Self.stride
    self.spec = spec
    self.input = input
    phasedSpec = ConvolutionSpec(
      outputs: spec.outputs, kernel: Extent(taps), hasBias: spec.hasBias)
    phasedInput = Shape(
      n: input.n, c: input.c * Self.lanes, h: output.h + taps - 1, w: output.w + taps - 1)
  }

  /// K×(16·C)×r×r from K×C×R×R.
  func phasedWeights(_ weights: LayerWeights) -> LayerWeights {
    let (kernel, taps) = (spec.kernel.h, phasedSpec.kernel.h)
    let result = Tensor(Shape([spec.outputs, phasedInput.c, taps, taps]))
    var source = weights.weight.pointer
    for plane in 0..<(spec.outputs * input.c) {
      for r in 0..<kernel {
        for s in 0..<kernel {
          let lane = r % Self.stride * Self.stride + s % Self.stride
          let tap = r / Self.stride * taps + s / Self.stride
          result.pointer[(plane * Self.lanes + lane) * taps * taps + tap] = source[0]
          source += 1
        }
      }
    }
    return LayerWeights(weight: result, bias: weights.bias)
  }

  func launch(
    _ kernels: KernelTable, on pool: ThreadPool, from source: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) -> KernelLaunch {
    let items = input.n * input.c * phasedInput.h
    return KernelLaunch(kernels.stride_phases, on: pool, phase: .pack) { thread in
      let share = pool.share(of: items, thread: thread)
      return StridePhaseArguments(
        input: source, output: target, h: Int32(input.h), w: Int32(input.w),
        pad_h: Int32(spec.pad.h), pad_w: Int32(spec.pad.w), output_h: Int32(phasedInput.h),
        output_w: Int32(phasedInput.w), first_item: Int64(share.lowerBound),
        last_item: Int64(share.upperBound))
    }
  }
}
