import Tensors

/// exp(x − max) ∕ Σ exp(x − max) along an axis: Caffe `Softmax`.
public struct SoftmaxSpec: Hashable, Sendable {
  /// A negative one counts from the end; in a ``Graph`` it has been counted from the front.
  public var axis: Int
  public init(axis: Int = 1) { self.axis = axis }
}

extension SoftmaxSpec: LayerDefinition {
  static var kind: LayerKind { .softmax }
  var gradientReads: GradientReads? { .tops }
  func countingFromFront(_ input: Shape) throws(ShapeRefusal) -> LayerSpec? {
    .softmax(SoftmaxSpec(axis: try input.front(axis)))
  }
  var mixesImages: Bool { axis == 0 }
  func flops(bottoms: [Shape], tops: [Shape]) -> Int { tops[0].count * 4 }
  var operandSigns: OperandSigns { .both }
  func problem(on input: Shape) -> String { "axis\(axis)" }
  var parameters: [String: LayerParameter] { ["axis": .integer(axis)] }
}
