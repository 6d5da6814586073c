import Networks
import Tensors

extension Reference {
  /// The inputs behind each other along an axis. Exact.
  static func concat(
    _ spec: ConcatSpec, _ inputs: [Operand], _ result: inout ReferenceResult
  ) {
    let outer = result.shape.count(of: 0..<spec.axis)
    var values: [Double] = []
    for o in 0..<outer {
      for input in inputs {
        let count = input.shape.count(of: spec.axis..<input.shape.rank)
        values += input.values[o * count..<(o + 1) * count]
      }
    }
    result.values = values
  }

  /// The sum with factors, the product or the maximum of m inputs, element by element.
  ///
  /// Bound: a sum is an inner product of length m, (m + 1) · u · Σ|c x| as for a convolution; a product
  /// rounds m − 1 times and may underflow on the way; the maximum is exact.
  static func eltwise(
    _ spec: EltwiseSpec, _ inputs: [Operand], _ derivesBounds: Bool,
    _ result: inout ReferenceResult
  ) {
    let count = Double(inputs.count)
    for index in result.values.indices {
      let x = inputs.map { $0.values[index] }
      switch spec.operation {
      case .sum:
        let terms = x.enumerated().map { Double(spec.coefficient($0.offset)) * $0.element }
        result.values[index] = terms.reduce(0, +)
        if derivesBounds {
          result.bounds[index] = (count + 1) * u * terms.reduce(0) { $0 + abs($1) }
        }
      case .product:
        result.values[index] = x.reduce(1, *)
        if derivesBounds {
          let largest = x.reduce(1) { $0 * max(abs($1), 1) }
          result.bounds[index] = count * (u * abs(result.values[index]) + underflow * largest)
        }
      case .maximum: result.values[index] = x.max() ?? 0
      }
    }
  }
}
