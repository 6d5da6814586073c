import Tensors

/// All that is true of one kind of layer, whoever computes it. Each kind has a file in this folder;
/// what most kinds have in common is the default below.
///
/// Shapes are those of the layer's bottoms and tops. But for ``countingFromFront(_:)`` and
/// ``window(on:)``, axes have been counted from the front already.
protocol LayerDefinition: Hashable, Sendable {
  static var kind: LayerKind { get }
  static var bottomCount: BottomCount { get }

  /// The spec with its axes counted from the front; nil for a kind without axes.
  func countingFromFront(_ input: Shape) throws(ShapeRefusal) -> LayerSpec?
  /// The shapes of the tops, by Caffe's rules; this is also where impossible parameters are refused.
  /// - Parameter count: of the tops that the layer names, for kinds with a second one.
  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape]
  /// Whether what the layer makes of one image depends on other images.
  var mixesImages: Bool { get }

  /// How many outputs have weights of their own, one for each value of their window; nil for a kind
  /// without weights. A layer with weights starts a stage.
  var weightedOutputs: Int? { get }
  func weightShapes(on input: Shape) -> (weight: Shape, bias: Shape?)?
  /// Extents of what one output is computed from.
  func window(on input: Shape) -> [Int]
  /// Operations of a kind without weights; with weights they follow from ``window(on:)``.
  func flops(bottoms: [Shape], tops: [Shape]) -> Int

  /// The axis of the classes, when the second bottom has labels.
  var labelAxis: Int? { get }
  /// What the first top's gradient starts with; nil for a layer that is no loss.
  var weightInLoss: Float? { get }
  /// What the gradients of the bottoms are computed from besides that of the top; nil for a kind that has
  /// none. Labels have no gradient.
  var gradientReads: GradientReads? { get }
  /// What the layer reads when it is measured alone.
  var operandSigns: OperandSigns { get }
  /// Where inference has nothing to compute; nil for a layer that computes.
  var identity: Identity? { get }

  /// The parameters in the `problem` column.
  func problem(on input: Shape) -> String
  /// Size, stride (s), padding (p), dilation (d) and groups (g) of a window, as far as they are not
  /// the usual ones; empty for a layer without a window.
  var kernelText: String { get }
  /// The parameters by the names that programs get them under.
  var parameters: [String: LayerParameter] { get }
}

/// How many bottoms a kind of layer takes.
enum BottomCount: String {
  case one = "one bottom"
  case two = "two bottoms"
  case oneOrMore = "at least one bottom"
  case twoOrMore = "at least two bottoms"

  func allows(_ count: Int) -> Bool {
    switch self {
    case .one: count == 1
    case .two: count == 2
    case .oneOrMore: count >= 1
    case .twoOrMore: count >= 2
    }
  }
}

/// Why a layer cannot take its bottoms.
struct ShapeRefusal: Error {
  var reason: String
  init(_ reason: String) { self.reason = reason }
}

/// The values of a layer's operand when the layer is measured alone.
enum OperandSigns {
  /// Negative values are made zero, as by a ReLU, if another layer wrote the operand.
  case asAfterReLU
  /// For a layer whose work depends on the sign.
  case both
  /// For a layer that has no result for a negative value.
  case notNegative
}

/// Operands of the forward direction that backward reads too, and that have to be kept for it.
struct GradientReads {
  var bottoms = false
  var tops = false

  static let nothing = GradientReads()
  static let bottoms = GradientReads(bottoms: true)
  static let tops = GradientReads(tops: true)
}

/// Where a layer's output is its input in inference, so that a step may be left out.
package enum Identity: Sendable {
  case inAnyLayout
  /// Only if the values lie in the order of their axes.
  case rowMajor
}

extension LayerDefinition {
  static var bottomCount: BottomCount { .one }
  func countingFromFront(_ input: Shape) throws(ShapeRefusal) -> LayerSpec? { nil }
  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape] { [bottoms[0]] }
  var mixesImages: Bool { false }
  var weightedOutputs: Int? { nil }
  func weightShapes(on input: Shape) -> (weight: Shape, bias: Shape?)? { nil }
  func window(on input: Shape) -> [Int] { [1] }
  func flops(bottoms: [Shape], tops: [Shape]) -> Int { 0 }
  var labelAxis: Int? { nil }
  var weightInLoss: Float? { nil }
  var gradientReads: GradientReads? { .nothing }
  var operandSigns: OperandSigns { .asAfterReLU }
  var identity: Identity? { nil }
  func problem(on input: Shape) -> String { "" }
  var kernelText: String { "" }
  var parameters: [String: LayerParameter] { [:] }

  /// Refuses labels that do not fit scores with classes along an axis.
  func requireLabels(_ bottoms: [Shape], axis: Int) throws(ShapeRefusal) {
    let scores = bottoms[0]
    let places = scores.count(of: 0..<axis) * scores.count(of: axis + 1..<scores.rank)
    guard bottoms[1].count == places else {
      throw ShapeRefusal(
        "\(bottoms[1].count) labels for scores \(scores) with classes along axis \(axis), "
          + "which need \(places)")
    }
  }
}

extension Shape {
  /// An axis counted from the front, wherever it was counted from.
  func front(_ axis: Int) throws(ShapeRefusal) -> Int {
    guard let front = canonicalAxis(axis) else {
      throw ShapeRefusal("axis \(axis) is outside shape \(self)")
    }
    return front
  }
}
