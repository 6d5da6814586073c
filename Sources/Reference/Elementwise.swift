import Foundation
import Networks
import Tensors

extension Reference {
  /// out = max(x, 0) + slope · min(x, 0). Exact, but for the rounding of the product.
  static func relu(
    _ spec: ReLUSpec, _ input: Operand, _ derivesBounds: Bool, _ result: inout ReferenceResult
  ) {
    let slope = Double(spec.negativeSlope)
    for (index, x) in input.values.enumerated() {
      result.values[index] = max(x, 0) + slope * min(x, 0)
      if derivesBounds, slope != 0 { result.bounds[index] = u * abs(slope * min(x, 0)) }
    }
  }

  /// out = (shift + scale · x) ^ power; shift ^ power where power · scale is 0, and 1 for a power of 0.
  ///
  /// Bound, for b = shift + scale · x: the product and the sum are rounded, δb = u · (|scale · x| + |b|);
  /// how far the power moves when b moves so far, and 4 units in the last place, 8u, for the power
  /// itself unless it is 1.
  static func power(
    _ spec: PowerSpec, _ input: Operand, _ derivesBounds: Bool, _ result: inout ReferenceResult
  ) {
    let (power, scale, shift) = (Double(spec.power), Double(spec.scale), Double(spec.shift))
    func raised(_ base: Double) -> Double {
      power == 0 ? 1 : power == 1 ? base : pow(base, power)
    }
    for (index, x) in input.values.enumerated() {
      let product = power * scale == 0 ? 0 : scale * x
      let base = shift + product
      let value = raised(base)
      result.values[index] = value
      guard derivesBounds else { continue }
      let error = u * (abs(product) + (product == 0 ? 0 : abs(base)))
      let moved = max(abs(raised(base - error) - value), abs(raised(base + error) - value))
      result.bounds[index] = moved + (power == 0 || power == 1 ? 0 : 8 * u * abs(value))
    }
  }

  /// out = 1 ∕ (1 + exp(−x)).
  ///
  /// Bound: 6u absolutely. By an exponential that is 8u off, the quotient is y (1 − y) · 8u + 3u · y ≤ 5u off;
  /// as Caffe computes it, ½ tanh(½ x) + ½, half of tanh's 8u and u for the sum.
  static func sigmoid(
    _ input: Operand, _ derivesBounds: Bool, _ result: inout ReferenceResult
  ) {
    result.values = input.values.map { 1 / (1 + exp(-$0)) }
    if derivesBounds { result.bounds = result.values.map { _ in 6 * u } }
  }

  /// out = tanh x, allowed 4 units in the last place.
  static func tanh(_ input: Operand, _ derivesBounds: Bool, _ result: inout ReferenceResult) {
    result.values = input.values.map { Foundation.tanh($0) }
    if derivesBounds { result.bounds = result.values.map { 8 * u * abs($0) + underflow } }
  }
}
