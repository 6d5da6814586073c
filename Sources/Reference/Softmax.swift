import Foundation
import Networks
import Tensors

extension Reference {
  /// out = e_i ∕ Σ_j e_j with e_j = exp(x_j − max x), along one axis.
  ///
  /// Bound, for C values along the axis and d_j = max x − x_j ≥ 0:
  /// 1. d_j is rounded: an absolute error of d_j · u in the exponent, so a relative one of d_j · u in e_j.
  ///    The exponential itself is allowed 4 units in the last place, 8u (the C library has 2u).
  /// 2. Σ e_j, all positive: the errors of the e_j weighted by their share, out_j, and (C − 1) · u.
  /// 3. the quotient, or a product with a rounded reciprocal: 2u.
  /// 4. an e_j or a quotient may underflow. The sum is at least 1, so that each of the C exponentials
  ///    and the quotient costs at most 2⁻¹²⁶.
  static func softmax(
    _ spec: SoftmaxSpec, _ input: Operand, _ derivesBounds: Bool, _ result: inout ReferenceResult
  ) {
    let dimensions = input.shape.dimensions
    let count = dimensions[spec.axis]
    let outer = dimensions[..<spec.axis].reduce(1, *)
    let inner = dimensions[(spec.axis + 1)...].reduce(1, *)
    for o in 0..<outer {
      for i in 0..<inner {
        let indices = (0..<count).map { (o * count + $0) * inner + i }
        let maximum = indices.map { input.values[$0] }.max() ?? 0
        let distances = indices.map { maximum - input.values[$0] }
        let exponentials = distances.map { exp(-$0) }
        let sum = exponentials.reduce(0, +)
        let shares = exponentials.map { $0 / sum }
        for (j, index) in indices.enumerated() { result.values[index] = shares[j] }
        guard derivesBounds else { continue }
        let errors = distances.map { ($0 + 8) * u }
        let sumError = zip(shares, errors).reduce(0) { $0 + $1.0 * $1.1 } + Double(count - 1) * u
        for (j, index) in indices.enumerated() {
          let relative = errors[j] + sumError + 2 * u
          // The first-order sum of relative errors, with room for the products between them.
          result.bounds[index] =
            shares[j] * relative * (1 + 2 * relative) + Double(count + 1) * underflow
        }
      }
    }
  }
}
