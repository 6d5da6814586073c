import Networks
import Tensors

extension Reference {
  /// out[n,k,p,q] = bias[k] + Σ_{c,r,s} weight[k,c,r,s] · in[n, g·C∕G + c, p·stride − pad + r·dilation,
  /// q·stride − pad + s·dilation], zero outside the input.
  ///
  /// Bound: (K + 2) · u · S with K products per output and S = Σ|weight||in| + |bias|. A sum of K
  /// products and a bias is an inner product of length K + 1, whose error is at most (K + 1) · u · S in
  /// any order, with or without fused multiply-add (Jeannerod and Rump, "Improved error bounds for
  /// inner products in floating-point arithmetic", SIAM J. Matrix Anal. 34, 2013, theorem 3.1). One u
  /// more covers an implementation that adds the bias, or a padding zero, to a sum already rounded.
  static func convolution(
    _ spec: ConvolutionSpec, _ input: Operand, _ weights: LayerWeights, _ derivesBounds: Bool,
    _ result: inout ReferenceResult
  ) {
    let padded = Padded(input, for: spec)
    accumulate(spec, padded, weights, sign: { $0 }, into: &result.values)
    if derivesBounds {
      // The sum of the absolute values.
      let magnitudes = Padded(
        Operand(shape: input.shape, values: input.values.map(abs)), for: spec)
      accumulate(spec, magnitudes, weights, sign: abs, into: &result.bounds)
      let products = weights.weight.shape.countPerImage
      for index in result.bounds.indices { result.bounds[index] *= Double(products + 2) * u }
    }
  }

  /// An input with its border of zeros, so that the loops below need no cases.
  private struct Padded {
    let n: Int
    let c: Int
    let h: Int
    let w: Int
    private(set) var values: [Double]

    init(_ input: Operand, for spec: ConvolutionSpec) {
      let (shape, pad) = (input.shape, spec.pad)
      (n, c) = (shape.n, shape.c)
      // A filter may be larger than the padded input.
      h = max(shape.h + 2 * pad.h, spec.dilation.h * (spec.kernel.h - 1) + 1)
      w = max(shape.w + 2 * pad.w, spec.dilation.w * (spec.kernel.w - 1) + 1)
      values = [Double](repeating: 0, count: n * c * h * w)
      for plane in 0..<n * c {
        for row in 0..<shape.h {
          let from = (plane * shape.h + row) * shape.w
          let to = (plane * h + row + pad.h) * w + pad.w
          for column in 0..<shape.w { values[to + column] = input.values[from + column] }
        }
      }
    }
  }

  /// The loops run along output columns innermost, so that a row of sums is updated from a row of
  /// inputs with one weight.
  @inline(__always)
  private static func accumulate(
    _ spec: ConvolutionSpec, _ input: Padded, _ weights: LayerWeights,
    sign: (Double) -> Double, into sums: inout [Double]
  ) {
    let filter = weights.weight.shape  // K, C∕G, R, S
    let (outputs, channels) = (filter.n, filter.c)
    let outputsPerGroup = outputs / spec.groups
    let rows = (input.h - spec.dilation.h * (spec.kernel.h - 1) - 1) / spec.stride.h + 1
    let columns = (input.w - spec.dilation.w * (spec.kernel.w - 1) - 1) / spec.stride.w + 1
    let weight = weights.weight.pointer
    input.values.withUnsafeBufferPointer { source in
      sums.withUnsafeMutableBufferPointer { sums in
        guard let x = source.baseAddress, let out = sums.baseAddress else { return }
        for n in 0..<input.n {
          for k in 0..<outputs {
            let plane = out + (n * outputs + k) * rows * columns
            let bias = weights.bias.map { sign(Double($0.pointer[k])) } ?? 0
            plane.update(repeating: bias, count: rows * columns)
            for c in 0..<channels {
              let channel = k / outputsPerGroup * channels + c
              for r in 0..<spec.kernel.h {
                for s in 0..<spec.kernel.w {
                  let tap = ((k * channels + c) * spec.kernel.h + r) * spec.kernel.w + s
                  let value = sign(Double(weight[tap]))
                  for p in 0..<rows {
                    let h = p * spec.stride.h + r * spec.dilation.h
                    let row = ((n * input.c + channel) * input.h + h) * input.w
                    addRow(
                      plane + p * columns, columns, value,
                      x + row + s * spec.dilation.w, stride: spec.stride.w)
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// out[q] += weight · in[q · stride]
  @inline(__always)
  private static func addRow(
    _ out: UnsafeMutablePointer<Double>, _ count: Int, _ weight: Double,
    _ x: UnsafePointer<Double>, stride: Int
  ) {
    if stride == 1 {
      for q in 0..<count { out[q] += weight * x[q] }
    } else {
      for q in 0..<count { out[q] += weight * x[q &* stride] }
    }
  }
}
