import Tensors

/// max(x, 0) + slope · min(x, 0): Caffe `ReLU`.
public struct ReLUSpec: Hashable, Sendable {
  public var negativeSlope: Float
  public init(negativeSlope: Float = 0) { self.negativeSlope = negativeSlope }
}

extension ReLUSpec: LayerDefinition {
  static var kind: LayerKind { .relu }
  /// The top has the sign of the bottom, also where it took its place.
  var gradientReads: GradientReads? { negativeSlope < 0 ? .bottoms : .tops }
  func flops(bottoms: [Shape], tops: [Shape]) -> Int { tops[0].count }
  var operandSigns: OperandSigns { .both }
  func problem(on input: Shape) -> String { negativeSlope == 0 ? "" : "slope\(negativeSlope)" }
  var parameters: [String: LayerParameter] { ["negativeSlope": .real(negativeSlope)] }
}
