import Tensors

/// Blobs of one shape combined element by element: Caffe `Eltwise`.
public struct EltwiseSpec: Hashable, Sendable {
  public enum Operation: String, Sendable, CaseIterable { case product, sum, maximum }
  public var operation: Operation
  /// Factors of a sum, one for each bottom; empty for factors of 1.
  public var coefficients: [Float]

  public init(operation: Operation = .sum, coefficients: [Float] = []) {
    self.operation = operation
    self.coefficients = coefficients
  }

  /// The factor of a bottom in a sum.
  public func coefficient(_ bottom: Int) -> Float {
    coefficients.isEmpty ? 1 : coefficients[bottom]
  }
}

extension EltwiseSpec: LayerDefinition {
  static var kind: LayerKind { .eltwise }
  var gradientReads: GradientReads? { operation == .sum ? .nothing : .bottoms }
  static var bottomCount: BottomCount { .twoOrMore }
  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape] {
    guard bottoms.allSatisfy({ $0 == bottoms[0] }) else {
      let list = bottoms.map(\.description).joined(separator: ", ")
      throw ShapeRefusal("needs blobs of one shape, not \(list)")
    }
    guard coefficients.isEmpty || operation == .sum else {
      throw ShapeRefusal("only a sum takes coefficients")
    }
    guard coefficients.isEmpty || coefficients.count == bottoms.count else {
      throw ShapeRefusal("has \(coefficients.count) coefficients for \(bottoms.count) bottoms")
    }
    return [bottoms[0]]
  }
  func flops(bottoms: [Shape], tops: [Shape]) -> Int {
    tops[0].count * (bottoms.count - 1 + coefficients.count)
  }
  func problem(on input: Shape) -> String {
    ([operation.rawValue] + coefficients.map { "\($0)" }).joined(separator: " ")
  }
  var parameters: [String: LayerParameter] {
    ["operation": .text(operation.rawValue), "coefficients": .reals(coefficients)]
  }
}
