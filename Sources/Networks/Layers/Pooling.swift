import Tensors

/// Maximum or average over windows: Caffe `Pooling`.
///
/// The output size rounds up, or down where asked for; a last window that would start in the padding
/// is dropped. The average divides by the window size clipped to the padded input, as Caffe does.
///
/// A layer with two tops writes the *mask* of its maxima into the second: where in its plane of the
/// input each maximum stands, h · W + w, as a float; the first one of equals, −1 for a window
/// without input.
public struct PoolingSpec: Hashable, Sendable {
  public enum Method: String, Sendable { case max, average }
  public var method: Method
  /// Ignored when ``isGlobal``.
  public var kernel: Extent
  public var stride: Extent
  public var pad: Extent
  /// One window over the whole input.
  public var isGlobal: Bool
  /// Whether a last window that would not lie wholly in the padded input is dropped: Caffe's
  /// `round_mode: FLOOR`.
  public var roundsDown: Bool

  public init(
    method: Method, kernel: Extent, stride: Extent = .one, pad: Extent = .zero,
    isGlobal: Bool = false, roundsDown: Bool = false
  ) {
    self.method = method
    self.kernel = kernel
    self.stride = stride
    self.pad = pad
    self.isGlobal = isGlobal
    self.roundsDown = roundsDown
  }
}

/// A window that moves over an input.
package typealias PoolingWindow = (kernel: Extent, stride: Extent, pad: Extent)

extension PoolingSpec {
  /// The window over an input, a global one resolved.
  package func window(over input: Shape) -> PoolingWindow {
    isGlobal ? (Extent(h: input.h, w: input.w), .one, .zero) : (kernel, stride, pad)
  }
}

extension PoolingSpec: LayerDefinition {
  static var kind: LayerKind { .pooling }
  var gradientReads: GradientReads? { method == .max ? .bottoms : .nothing }

  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape] {
    let output = try output(of: bottoms[0])
    guard count == 2 else { return [output] }
    guard method == .max else { throw ShapeRefusal("only a maximum has a mask as second top") }
    return [output, output]
  }

  private func output(of input: Shape) throws(ShapeRefusal) -> Shape {
    guard input.rank == 4 else { throw ShapeRefusal("pooling needs N,C,H,W, not \(input)") }
    if isGlobal { return Shape(n: input.n, c: input.c, h: 1, w: 1) }
    let isValid = [kernel, stride].allSatisfy { $0.h >= 1 && $0.w >= 1 }
    guard isValid, pad.h >= 0, pad.w >= 0, pad.h < kernel.h, pad.w < kernel.w else {
      throw ShapeRefusal("kernel and stride must be at least 1, padding smaller than the kernel")
    }
    func size(_ input: Int, _ kernel: Int, _ stride: Int, _ pad: Int) -> Int {
      let room = input + 2 * pad - kernel
      // Rounded up, a window may be larger than what there is by less than a stride.
      guard room > (roundsDown ? -1 : -stride) else { return 0 }
      var size = (room + (roundsDown ? 0 : stride - 1)) / stride + 1
      // A last window that would start in the padding is dropped (pooling_layer.cpp, Reshape).
      if pad > 0, (size - 1) * stride >= input + pad { size -= 1 }
      return size
    }
    let h = size(input.h, kernel.h, stride.h, pad.h)
    let w = size(input.w, kernel.w, stride.w, pad.w)
    guard h >= 1, w >= 1 else {
      throw ShapeRefusal(
        "the window is larger than the padded input"
          + (roundsDown ? "" : " by a stride or more") + ", which leaves no output")
    }
    return Shape(n: input.n, c: input.c, h: h, w: w)
  }

  func window(on input: Shape) -> [Int] {
    isGlobal ? [input.h, input.w] : [kernel.h, kernel.w]
  }
  func flops(bottoms: [Shape], tops: [Shape]) -> Int {
    window(on: bottoms[0]).reduce(tops[0].count, *)
  }

  func problem(on input: Shape) -> String {
    "\(method.rawValue) "
      + (isGlobal ? "global" : Extent.windowLetters(kernel, stride: stride, pad: pad))
      + (roundsDown && !isGlobal ? " floor" : "")
  }
  var kernelText: String {
    (isGlobal ? "global" : Extent.windowText(kernel, stride: stride, pad: pad))
      + " \(method.rawValue)" + (roundsDown && !isGlobal ? " floor" : "")
  }
  var parameters: [String: LayerParameter] {
    [
      "method": .text(method.rawValue), "kernel": LayerParameter(kernel),
      "stride": LayerParameter(stride), "pad": LayerParameter(pad), "isGlobal": .flag(isGlobal),
      "roundsDown": .flag(roundsDown),
    ]
  }
}
