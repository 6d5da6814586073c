import Tensors

/// (shift + scale · x) ^ power: Caffe `Power`.
///
/// As in Caffe, where power · scale is 0 the result is shift ^ power whatever x is, and 1 for a power
/// of 0.
public struct PowerSpec: Hashable, Sendable {
  public var power: Float
  public var scale: Float
  public var shift: Float

  public init(power: Float = 1, scale: Float = 1, shift: Float = 0) {
    self.power = power
    self.scale = scale
    self.shift = shift
  }
}

extension PowerSpec: LayerDefinition {
  static var kind: LayerKind { .power }
  var gradientReads: GradientReads? { power * scale == 0 || power == 1 ? .nothing : .bottoms }
  func flops(bottoms: [Shape], tops: [Shape]) -> Int { tops[0].count * 3 }
  /// A negative base has no power but whole ones.
  var operandSigns: OperandSigns { power == power.rounded() ? .both : .notNegative }
  func problem(on input: Shape) -> String { "power\(power) scale\(scale) shift\(shift)" }
  var parameters: [String: LayerParameter] {
    ["power": .real(power), "scale": .real(scale), "shift": .real(shift)]
  }
}
