import Foundation
import Networks
import Tensors

extension Reference {
  /// out = x · (k + (α ∕ n) · Σ x²)^−β over `size` neighbouring channels (n = size), or over a
  /// size × size window of the same channel (n = size²). The window always counts in full, its part
  /// outside the input as zeros.
  ///
  /// Within a channel Caffe ignores k and uses 1 (`lrn_layer.cpp`, `power_param.set_shift(1)`); so
  /// does this.
  ///
  /// Bound, step by step, for sum = Σ x², scale = k + (α ∕ n) · sum:
  /// 1. sum: each square is rounded once, then every addition rounds a partial sum. Directly:
  ///    n · u · sum. Across channels an implementation may also slide the window along the channels, one
  ///    square entering and one leaving per channel; its errors stay in the sum. With up to
  ///    2c + 2·size operations behind channel c, each on a partial sum no larger than the largest
  ///    window so far plus the square that enters: δsum ≤ (2c + 2·size) · 2u · largest, the factor
  ///    2 for rounding the square besides the sum.
  /// 2. scale: α ∕ n is rounded, so is the product (and possibly α's order of product and
  ///    quotient: 3 roundings in all), so is the sum with k: δscale ≤ (α ∕ n) · (δsum + 3u · sum) + u · scale.
  /// 3. power: a relative error e of its argument gives at most (1 − e)^−β − 1; the function itself
  ///    is allowed 4 units in the last place, 8u: 1 ∕ (√x · √√x) has 4.5u, the C library's powf 2u,
  ///    leaving room for vectorised exponentials and logarithms.
  /// 4. the product with x: u.
  static func lrn(
    _ spec: LRNSpec, _ input: Operand, _ derivesBounds: Bool, _ result: inout ReferenceResult
  ) {
    switch spec.region {
    case .acrossChannels: lrnAcrossChannels(spec, input, derivesBounds, &result)
    case .withinChannel: lrnWithinChannel(spec, input, derivesBounds, &result)
    }
  }

  private static func lrnAcrossChannels(
    _ spec: LRNSpec, _ input: Operand, _ derivesBounds: Bool, _ result: inout ReferenceResult
  ) {
    let (channels, pixels) = (input.shape.c, input.shape.h * input.shape.w)
    let half = (spec.size - 1) / 2
    for n in 0..<input.shape.n {
      for pixel in 0..<pixels {
        var largest = 0.0
        for c in 0..<channels {
          func x(_ c: Int) -> Double { input.values[(n * channels + c) * pixels + pixel] }
          var sum = 0.0
          for neighbour in max(c - half, 0)..<min(c + half + 1, channels) {
            sum += x(neighbour) * x(neighbour)
          }
          let entering = c + half + 1 < channels ? x(c + half + 1) : 0
          largest = max(largest, sum + entering * entering)
          let normalized = Normalized(
            x: x(c), sum: sum, sumError: Double(2 * c + 2 * spec.size) * 2 * u * largest,
            count: spec.size, k: Double(spec.k), spec: spec)
          let index = (n * channels + c) * pixels + pixel
          result.values[index] = normalized.value
          if derivesBounds { result.bounds[index] = normalized.bound }
        }
      }
    }
  }

  private static func lrnWithinChannel(
    _ spec: LRNSpec, _ input: Operand, _ derivesBounds: Bool, _ result: inout ReferenceResult
  ) {
    let (rows, columns) = (input.shape.h, input.shape.w)
    let half = (spec.size - 1) / 2
    let count = spec.size * spec.size
    for plane in 0..<input.shape.n * input.shape.c {
      for h in 0..<rows {
        for w in 0..<columns {
          func x(_ h: Int, _ w: Int) -> Double { input.values[(plane * rows + h) * columns + w] }
          var sum = 0.0
          for row in max(h - half, 0)..<min(h + half + 1, rows) {
            for column in max(w - half, 0)..<min(w + half + 1, columns) {
              sum += x(row, column) * x(row, column)
            }
          }
          let normalized = Normalized(
            x: x(h, w), sum: sum, sumError: Double(count) * u * sum, count: count, k: 1, spec: spec)
          let index = (plane * rows + h) * columns + w
          result.values[index] = normalized.value
          if derivesBounds { result.bounds[index] = normalized.bound }
        }
      }
    }
  }

  /// Steps 2 to 4.
  private struct Normalized {
    let value: Double
    let bound: Double

    init(x: Double, sum: Double, sumError: Double, count: Int, k: Double, spec: LRNSpec) {
      let factor = Double(spec.alpha) / Double(count)
      let beta = Double(spec.beta)
      let scale = k + factor * sum
      value = x * pow(scale, -beta)
      let scaleError = abs(factor) * (sumError + 3 * u * sum) + u * abs(scale)
      let relative = min(scaleError / abs(scale), 1)
      bound = abs(value) * (pow(1 - relative, -abs(beta)) - 1 + 8 * u + u)
    }
  }
}
