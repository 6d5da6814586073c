import Tensors

/// 1 ∕ (1 + exp(−x)): Caffe `Sigmoid`.
struct SigmoidSpec: LayerDefinition {
  static var kind: LayerKind { .sigmoid }
  func flops(bottoms: [Shape], tops: [Shape]) -> Int { tops[0].count * 4 }
  var operandSigns: OperandSigns { .both }
}
