/// Blobs behind each other along one axis: Caffe `Concat`.
public struct ConcatSpec: Hashable, Sendable {
  /// A negative one counts from the end; in a ``Graph`` it has been counted from the front.
  public var axis: Int
  public init(axis: Int = 1) { self.axis = axis }
}

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

/// The same values with the axes from `axis` to `endAxis`, both included, made one: Caffe `Flatten`.
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

/// (shift + scale · x) ^ power: Caffe `Power`.
///
/// As in Caffe, where power · scale is 0 the result is shift ^ power whatever x is, and 1 for a power
/// of 0.
public struct PowerSpec: Hashable, Sendable {
  public var power: Float
  public var scale: Float
  public var shift: Float

  public init(power: Float = 1, scale: Float = 1, shift: Float = 0) {
    self.power = power
    self.scale = scale
    self.shift = shift
  }
}
