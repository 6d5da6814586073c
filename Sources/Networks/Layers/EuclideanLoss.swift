import Tensors

/// Σ (a − b)² ∕ (2 N) over all elements of two blobs, N being the images: Caffe `EuclideanLoss`.
///
/// The top is a scalar, not multiplied by ``lossWeight``.
public struct EuclideanLossSpec: Hashable, Sendable {
  /// What the gradient starts with.
  public var lossWeight: Float
  public init(lossWeight: Float = 1) { self.lossWeight = lossWeight }
}

extension EuclideanLossSpec: LayerDefinition {
  static var kind: LayerKind { .euclideanLoss }
  var gradientReads: GradientReads? { .bottoms }
  static var bottomCount: BottomCount { .two }
  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape] {
    let (a, b) = (bottoms[0], bottoms[1])
    guard a.rank >= 1, b.rank >= 1, a.dimensions[0] == b.dimensions[0], a.count == b.count else {
      throw ShapeRefusal("needs two blobs of the same size, not \(a) and \(b)")
    }
    return [.scalar]
  }
  var mixesImages: Bool { true }
  func flops(bottoms: [Shape], tops: [Shape]) -> Int { bottoms[0].count * 3 }
  var weightInLoss: Float? { lossWeight }
  var operandSigns: OperandSigns { .both }
  var parameters: [String: LayerParameter] { ["lossWeight": .real(lossWeight)] }
}
