import Foundation
import Networks
import Tensors

/// y = (shift + scale · x) ^ power; where power · scale is 0, shift ^ power, and 1 for a power of 0.
func naivePower(
  _ spec: PowerSpec, _ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>
) {
  for i in 0..<count {
    if spec.power == 0 {
      y[i] = 1
    } else {
      let base = spec.scale == 0 ? spec.shift : spec.shift + spec.scale * x[i]
      y[i] = spec.power == 1 ? base : pow(base, spec.power)
    }
  }
}

/// y = 1 ∕ (1 + exp(−x))
func naiveSigmoid(_ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>) {
  for i in 0..<count { y[i] = 1 / (1 + exp(-x[i])) }
}

/// y = tanh x
func naiveTanh(_ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>) {
  for i in 0..<count { y[i] = tanh(x[i]) }
}

/// y = Σ_i c_i · x_i, Π_i x_i or max_i x_i, element by element.
func naiveEltwise(
  _ spec: EltwiseSpec, _ x: [UnsafePointer<Float>], _ count: Int, _ y: UnsafeMutablePointer<Float>
) {
  for j in 0..<count {
    var result = spec.operation == .sum ? spec.coefficient(0) * x[0][j] : x[0][j]
    for i in 1..<x.count {
      switch spec.operation {
      case .sum: result += spec.coefficient(i) * x[i][j]
      case .product: result *= x[i][j]
      case .maximum: result = max(result, x[i][j])
      }
    }
    y[j] = result
  }
}

/// The inputs behind each other along an axis.
func naiveConcat(
  _ spec: ConcatSpec, _ x: [UnsafePointer<Float>], _ shapes: [Shape],
  _ y: UnsafeMutablePointer<Float>, _ output: Shape
) {
  var next = 0
  for outer in 0..<output.count(of: 0..<spec.axis) {
    for i in x.indices {
      let count = shapes[i].count(of: spec.axis..<output.rank)
      for j in 0..<count { y[next + j] = x[i][outer * count + j] }
      next += count
    }
  }
}
