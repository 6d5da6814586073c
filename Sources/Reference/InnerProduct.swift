import Networks
import Tensors

extension Reference {
  /// out[m,k] = bias[k] + Σ_c weight[k,c] · in[m,c], where m counts what lies before the axis.
  ///
  /// Bound: that of a convolution, with K = C products.
  static func innerProduct(
    _ spec: InnerProductSpec, _ input: Operand, _ weights: LayerWeights, _ derivesBounds: Bool,
    _ result: inout ReferenceResult
  ) {
    let count = input.shape.count(of: spec.axis..<input.shape.rank)
    let items = input.shape.count(of: 0..<spec.axis)
    // A transposed weight lies as C×K.
    let (outputStep, inputStep) = spec.isTransposed ? (1, spec.outputs) : (count, 1)
    let weight = weights.weight.pointer
    input.values.withUnsafeBufferPointer { x in
      for k in 0..<spec.outputs {
        let bias = weights.bias.map { Double($0.pointer[k]) } ?? 0
        for m in 0..<items {
          var sum = bias
          var magnitude = abs(bias)
          for c in 0..<count {
            let product = Double(weight[k * outputStep + c * inputStep]) * x[m * count + c]
            sum += product
            magnitude += abs(product)
          }
          result.values[m * spec.outputs + k] = sum
          if derivesBounds {
            result.bounds[m * spec.outputs + k] = Double(count + 2) * u * magnitude
          }
        }
      }
    }
  }
}
