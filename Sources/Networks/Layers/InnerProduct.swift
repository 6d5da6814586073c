import Tensors

/// Fully connected: Caffe `InnerProduct`. Axes before `axis` are the batch, those from it on are
/// flattened.
///
/// out[m,k] = bias[k] + Σ_c weight[k,c] · in[m,c]
public struct InnerProductSpec: Hashable, Sendable {
  public var outputs: Int
  public var hasBias: Bool
  /// A negative one counts from the end; in a ``Graph`` it has been counted from the front.
  public var axis: Int
  /// The weight lies as C×K rather than K×C.
  public var isTransposed: Bool

  public init(outputs: Int, hasBias: Bool = true, axis: Int = 1, isTransposed: Bool = false) {
    self.outputs = outputs
    self.hasBias = hasBias
    self.axis = axis
    self.isTransposed = isTransposed
  }
}

extension InnerProductSpec: LayerDefinition {
  static var kind: LayerKind { .innerProduct }
  func countingFromFront(_ input: Shape) throws(ShapeRefusal) -> LayerSpec? {
    var spec = self
    spec.axis = try input.front(axis)
    return .innerProduct(spec)
  }
  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape] {
    guard outputs >= 1 else { throw ShapeRefusal("has \(outputs) outputs") }
    return [Shape(Array(bottoms[0].dimensions[..<axis]) + [outputs])]
  }
  var mixesImages: Bool { axis == 0 }

  var weightedOutputs: Int? { outputs }
  func window(on input: Shape) -> [Int] {
    Array(input.dimensions[(input.canonicalAxis(axis) ?? 0)...])
  }
  private func inputCount(_ input: Shape) -> Int { window(on: input).reduce(1, *) }
  func weightShapes(on input: Shape) -> (weight: Shape, bias: Shape?)? {
    let count = inputCount(input)
    return (
      Shape(isTransposed ? [count, outputs] : [outputs, count]), hasBias ? Shape([outputs]) : nil
    )
  }

  func problem(on input: Shape) -> String {
    "c\(inputCount(input)) k\(outputs)" + (isTransposed ? " transposed" : "")
  }
  var parameters: [String: LayerParameter] {
    [
      "outputs": .integer(outputs), "axis": .integer(axis), "isTransposed": .flag(isTransposed),
    ]
  }
}
