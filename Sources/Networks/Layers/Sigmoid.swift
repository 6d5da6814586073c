import Tensors

/// 1 ∕ (1 + exp(−x)): Caffe `Sigmoid`.
struct SigmoidSpec: LayerDefinition {
  static var kind: LayerKind { .sigmoid }
  var gradientReads: GradientReads? { .tops }
  func flops(bottoms: [Shape], tops: [Shape]) -> Int { tops[0].count * 4 }
  var operandSigns: OperandSigns { .both }
}
