/// How far a float32 result is from the float64 reference.
public struct ErrorNorms: Sendable, Equatable {
  /// max |got − want|; NaN when any value is NaN.
  public var maxAbsError: Double
  /// √(Σ(got − want)² ∕ Σ want²): root-mean-square error over the root-mean-square of the
  /// reference. 0 when both are zero, infinite when only the reference is zero.
  public var nrmse: Double
  /// max (|got − want| ∕ bound); at most 1 when every value is inside its own bound. Nil without
  /// bounds.
  public var maxBoundRatio: Double?

  /// - Parameters:
  ///   - got: float32 values.
  ///   - want: float64 reference, same count.
  ///   - bound: largest allowed error of each value, or nil.
  public init(got: [Float], want: [Double], bound: [Double]? = nil) {
    precondition(got.count == want.count && (bound.map { $0.count == want.count } ?? true))
    var maximum = 0.0
    var squares = 0.0
    var reference = 0.0
    var ratio = 0.0
    var sawNaN = false
    for index in got.indices {
      let error = abs(Double(got[index]) - want[index])
      if error.isNaN { sawNaN = true }
      maximum = Swift.max(maximum, error)
      squares += error * error
      reference += want[index] * want[index]
      if let bound {
        // An exact result is fine even where the bound is 0.
        ratio = Swift.max(ratio, error == 0 ? 0 : error / bound[index])
      }
    }
    maxAbsError = sawNaN ? .nan : maximum
    nrmse = squares == 0 ? 0 : (squares / reference).squareRoot()
    maxBoundRatio = bound == nil ? nil : (sawNaN ? .nan : ratio)
  }
}
