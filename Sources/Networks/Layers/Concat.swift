import Tensors

/// Blobs behind each other along one axis: Caffe `Concat`.
public struct ConcatSpec: Hashable, Sendable {
  /// A negative one counts from the end; in a ``Graph`` it has been counted from the front.
  public var axis: Int
  public init(axis: Int = 1) { self.axis = axis }
}

extension ConcatSpec: LayerDefinition {
  static var kind: LayerKind { .concat }
  static var bottomCount: BottomCount { .oneOrMore }
  func countingFromFront(_ input: Shape) throws(ShapeRefusal) -> LayerSpec? {
    .concat(ConcatSpec(axis: try input.front(axis)))
  }
  func tops(of bottoms: [Shape], count: Int) throws(ShapeRefusal) -> [Shape] {
    func rest(_ shape: Shape) -> [Int] {
      var dimensions = shape.dimensions
      dimensions[axis] = 0
      return dimensions
    }
    guard bottoms.allSatisfy({ $0.rank == bottoms[0].rank && rest($0) == rest(bottoms[0]) }) else {
      let list = bottoms.map(\.description).joined(separator: ", ")
      throw ShapeRefusal("can't join \(list) along axis \(axis)")
    }
    var dimensions = bottoms[0].dimensions
    dimensions[axis] = bottoms.reduce(0) { $0 + $1.dimensions[axis] }
    return [Shape(dimensions)]
  }
  var mixesImages: Bool { axis == 0 }
  func problem(on input: Shape) -> String { "axis\(axis)" }
  var parameters: [String: LayerParameter] { ["axis": .integer(axis)] }
}
