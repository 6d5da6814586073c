/// In what numbers a workload keeps weights; inputs, outputs and sums are float32 in any case.
public enum Precision: String, Codable, Hashable, Sendable, CaseIterable {
  /// Float32.
  case single = "f32"
  /// 16 bits: IEEE 754 binary16 times a power of two for each layer.
  case halfWeights = "w16"

  /// Of weights that have so many bytes as float32.
  public func byteCount(of single: Int) -> Int {
    switch self {
    case .single: single
    case .halfWeights: single / 2
    }
  }

  /// Largest relative error of rounding a weight.
  public var weightRoundoff: Double {
    switch self {
    case .single: 0
    case .halfWeights: 1.0 / 2048
    }
  }

  /// Largest root-mean-square error of a net's blob, or of a layer where errors are not bounded one by
  /// one, relative to the reference's.
  ///
  /// Rounding to 11 bits moves a weight by 1.7e-4 of itself in the mean square, and outputs by as much;
  /// layers add up like the sides of a right triangle: AlexNet's three come to 3.6e-4, the small nets of
  /// the tests to 7e-4 at most.
  public var errorLimit: Double {
    switch self {
    case .single: 1e-5
    case .halfWeights: 2e-3
    }
  }
}
