import Tensors

/// Softmax, then the mean of −log of what it gives to each label: Caffe `SoftmaxWithLoss`.
///
/// Bottoms: scores; labels, one for each place that the scores have besides their class axis, whole
/// numbers from 0. Tops: the loss, a scalar, not multiplied by ``lossWeight``; if there is a second
/// one, the softmax.
///
/// loss = Σ −log(max(softmax[label], FLT_MIN)) ∕ divisor, over the places whose label is not ignored.
/// A label outside the classes makes the loss NaN (Caffe reads memory out of bounds).
public struct SoftmaxWithLossSpec: Hashable, Sendable {
  /// Of the classes; a negative one counts from the end, in a ``Graph`` it has been counted from the
  /// front.
  public var axis: Int
  /// Places with this label count for nothing.
  public var ignoredLabel: Int?
  public var normalization: LossNormalization
  /// What the gradient starts with.
  public var lossWeight: Float

  public init(
    axis: Int = 1, ignoredLabel: Int? = nil, normalization: LossNormalization = .valid,
    lossWeight: Float = 1
  ) {
    self.axis = axis
    self.ignoredLabel = ignoredLabel
    self.normalization = normalization
    self.lossWeight = lossWeight
  }
}

/// What a sum over labels is divided by; at least 1: Caffe `LossParameter.NormalizationMode`.
public enum LossNormalization: String, Sendable, CaseIterable, BitwiseCopyable {
  /// All labels.
  case full
  /// The labels that are not ignored.
  case valid
  /// What lies before the class axis: images.
  case batchSize = "batch_size"
  case none

  /// The divisor of a sum.
  /// - Parameters:
  ///   - images: places before the class axis.
  ///   - labels: of all images.
  ///   - validLabels: those that are not ignored.
  public func divisor(images: Int, labels: Int, validLabels: Int) -> Int {
    let divisor =
      switch self {
      case .full: labels
      case .valid: validLabels
      case .batchSize: images
      case .none: 1
      }
    return max(divisor, 1)
  }
}

extension SoftmaxWithLossSpec: LayerDefinition {
  static var kind: LayerKind { .softmaxWithLoss }
  var gradientReads: GradientReads? { .bottoms }
  static var bottomCount: BottomCount { .two }

  func countingFromFront(_ input: Shape) throws(ShapeRefusal) -> LayerSpec? {
    var spec = self
    spec.axis = try input.front(axis)
    return .softmaxWithLoss(spec)
  }
  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape] {
    try requireLabels(bottoms, axis: axis)
    let input = bottoms[0]
    guard input.dimensions[0] == bottoms[1].dimensions.first else {
      throw ShapeRefusal("the scores \(input) and the labels \(bottoms[1]) differ in their batch")
    }
    return count == 2 ? [.scalar, input] : [.scalar]
  }
  var mixesImages: Bool { true }

  /// A softmax, then a logarithm and a sum for each label.
  func flops(bottoms: [Shape], tops: [Shape]) -> Int { bottoms[0].count * 4 + bottoms[1].count * 2 }

  var labelAxis: Int? { axis }
  var weightInLoss: Float? { lossWeight }
  var operandSigns: OperandSigns { .both }

  func problem(on input: Shape) -> String {
    "axis\(axis) \(normalization.rawValue)" + (ignoredLabel.map { " ignore\($0)" } ?? "")
  }
  var parameters: [String: LayerParameter] {
    var parameters: [String: LayerParameter] = [
      "axis": .integer(axis), "normalization": .text(normalization.rawValue),
      "lossWeight": .real(lossWeight),
    ]
    parameters["ignoredLabel"] = ignoredLabel.map { .integer($0) }
    return parameters
  }
}

/// A label as Caffe reads it, cut to a whole number; no class for what is none.
package func classLabel(_ value: Float) -> Int { Int(exactly: value.rounded(.towardZero)) ?? .min }
