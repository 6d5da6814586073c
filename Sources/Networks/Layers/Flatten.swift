import Tensors

/// Makes one axis of those from `axis` to `endAxis`, both included; the values stay as they are: Caffe
/// `Flatten`.
public struct FlattenSpec: Hashable, Sendable {
  /// A negative one counts from the end, as does ``endAxis``; in a ``Graph`` they have been counted
  /// from the front.
  public var axis: Int
  public var endAxis: Int

  public init(axis: Int = 1, endAxis: Int = -1) {
    self.axis = axis
    self.endAxis = endAxis
  }
}

extension FlattenSpec: LayerDefinition {
  static var kind: LayerKind { .flatten }
  func countingFromFront(_ input: Shape) throws(ShapeRefusal) -> LayerSpec? {
    let spec = FlattenSpec(axis: try input.front(axis), endAxis: try input.front(endAxis))
    guard spec.axis <= spec.endAxis + 1 else {
      throw ShapeRefusal("axis \(spec.axis) lies behind end axis \(spec.endAxis)")
    }
    return .flatten(spec)
  }
  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape] {
    let dimensions = bottoms[0].dimensions
    return [
      Shape(
        Array(dimensions[..<axis]) + [bottoms[0].count(of: axis..<endAxis + 1)]
          + Array(dimensions[(endAxis + 1)...]))
    ]
  }
  var mixesImages: Bool { axis == 0 }
  var identity: Identity? { .rowMajor }
  func problem(on input: Shape) -> String { "axis\(axis) end\(endAxis)" }
  var parameters: [String: LayerParameter] {
    ["axis": .integer(axis), "endAxis": .integer(endAxis)]
  }
}
