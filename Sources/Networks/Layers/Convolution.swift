import Tensors

/// Cross-correlation with groups: Caffe `Convolution`.
///
/// out[n,k,p,q] = bias[k] + Σ_{c,r,s} weight[k,c,r,s] · in[n, g·C/G + c, p·stride − pad + r·dilation, …]
public struct ConvolutionSpec: Hashable, Sendable {
  /// Output channels K.
  public var outputs: Int
  public var kernel: Extent
  public var stride: Extent
  public var pad: Extent
  public var dilation: Extent
  public var groups: Int
  public var hasBias: Bool

  public init(
    outputs: Int, kernel: Extent, stride: Extent = .one, pad: Extent = .zero,
    dilation: Extent = .one, groups: Int = 1, hasBias: Bool = true
  ) {
    self.outputs = outputs
    self.kernel = kernel
    self.stride = stride
    self.pad = pad
    self.dilation = dilation
    self.groups = groups
    self.hasBias = hasBias
  }

  /// The letters of `--problem` from `k` on: what belongs to the layer alone.
  package var letters: String {
    "k\(outputs) \(Extent.windowLetters(kernel, stride: stride, pad: pad, dilation: dilation))"
      + (groups == 1 ? "" : " g\(groups)")
  }
}

extension ConvolutionSpec: LayerDefinition {
  static var kind: LayerKind { .convolution }

  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape] {
    let input = bottoms[0]
    guard input.rank == 4 else {
      throw ShapeRefusal("convolution needs N,C,H,W, not \(input)")
    }
    guard groups >= 1, input.c % groups == 0, outputs % groups == 0, outputs >= 1 else {
      throw ShapeRefusal(
        "\(input.c) channels to \(outputs) do not divide into \(groups) groups")
    }
    let isValid = [kernel, stride, dilation].allSatisfy { $0.h >= 1 && $0.w >= 1 }
    guard isValid, pad.h >= 0, pad.w >= 0 else {
      throw ShapeRefusal("kernel, stride and dilation must be at least 1, padding at least 0")
    }
    // Rounded towards zero, as the division of C++ (conv_layer.cpp, compute_output_shape): a kernel that
    // is larger by less than a stride gives one output, with zeros where there is no input.
    func size(_ input: Int, _ kernel: Int, _ stride: Int, _ pad: Int, _ dilation: Int) -> Int {
      (input + 2 * pad - (dilation * (kernel - 1) + 1)) / stride + 1
    }
    let h = size(input.h, kernel.h, stride.h, pad.h, dilation.h)
    let w = size(input.w, kernel.w, stride.w, pad.w, dilation.w)
    guard h >= 1, w >= 1 else {
      throw ShapeRefusal(
        "the kernel is larger than the padded input by a stride or more, which leaves no output")
    }
    return [Shape(n: input.n, c: outputs, h: h, w: w)]
  }

  var weightedOutputs: Int? { outputs }
  func window(on input: Shape) -> [Int] { [input.c / groups, kernel.h, kernel.w] }
  func weightShapes(on input: Shape) -> (weight: Shape, bias: Shape?)? {
    (Shape([outputs] + window(on: input)), hasBias ? Shape([outputs]) : nil)
  }

  func problem(on input: Shape) -> String { "c\(input.c) h\(input.h) w\(input.w) \(letters)" }
  var kernelText: String {
    Extent.windowText(kernel, stride: stride, pad: pad)
      + (dilation == .one ? "" : " d" + dilation.text) + (groups == 1 ? "" : " g\(groups)")
  }
  var parameters: [String: LayerParameter] {
    [
      "outputs": .integer(outputs), "kernel": LayerParameter(kernel),
      "stride": LayerParameter(stride), "pad": LayerParameter(pad),
      "dilation": LayerParameter(dilation), "groups": .integer(groups),
    ]
  }
}
