import Tensors

/// The hyperbolic tangent: Caffe `TanH`.
struct TanHSpec: LayerDefinition {
  static var kind: LayerKind { .tanh }
  var gradientReads: GradientReads? { .tops }
  func flops(bottoms: [Shape], tops: [Shape]) -> Int { tops[0].count * 4 }
  var operandSigns: OperandSigns { .both }
}
