import Tensors

/// The share of labels that are among the `topK` largest scores: Caffe `Accuracy`.
///
/// Bottoms: scores and labels, as for ``SoftmaxWithLossSpec``. Tops: the share, a scalar; if there
/// is a second one, the share of each class, 0 for a class without labels.
///
/// A label counts if fewer than `topK` other classes score as high as it or higher. A label outside
/// the classes makes the share NaN.
public struct AccuracySpec: Hashable, Sendable {
  public var topK: Int
  /// Of the classes; a negative one counts from the end, in a ``Graph`` it has been counted from the
  /// front.
  public var axis: Int
  /// Places with this label count for nothing.
  public var ignoredLabel: Int?

  public init(topK: Int = 1, axis: Int = 1, ignoredLabel: Int? = nil) {
    self.topK = topK
    self.axis = axis
    self.ignoredLabel = ignoredLabel
  }
}

extension AccuracySpec: LayerDefinition {
  static var kind: LayerKind { .accuracy }
  var gradientReads: GradientReads? { nil }
  static var bottomCount: BottomCount { .two }

  func countingFromFront(_ input: Shape) throws(ShapeRefusal) -> LayerSpec? {
    var spec = self
    spec.axis = try input.front(axis)
    return .accuracy(spec)
  }
  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape] {
    try requireLabels(bottoms, axis: axis)
    let classes = bottoms[0].dimensions[axis]
    guard topK >= 1, topK <= classes else {
      throw ShapeRefusal("the best \(topK) of \(classes) classes is not possible")
    }
    return count == 2 ? [.scalar, Shape([classes])] : [.scalar]
  }
  var mixesImages: Bool { true }

  /// A comparison with the label's score for each score.
  func flops(bottoms: [Shape], tops: [Shape]) -> Int { bottoms[0].count }
  var labelAxis: Int? { axis }
  var operandSigns: OperandSigns { .both }

  func problem(on input: Shape) -> String {
    "axis\(axis) top\(topK)" + (ignoredLabel.map { " ignore\($0)" } ?? "")
  }
  var parameters: [String: LayerParameter] {
    var parameters: [String: LayerParameter] = ["axis": .integer(axis), "topK": .integer(topK)]
    parameters["ignoredLabel"] = ignoredLabel.map { .integer($0) }
    return parameters
  }
}
