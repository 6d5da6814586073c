import Networks
import Tensors

/// y[n,k,p,q] = bias[k] + Σ_{c,r,s} weight[k,c,r,s] · x[n, g·C∕G + c, h, w], where
/// h = p·stride − pad + r·dilation and likewise w, and x is zero outside.
func naiveConvolution(
  _ spec: ConvolutionSpec, _ weights: LayerWeights, _ x: UnsafePointer<Float>, _ input: Shape,
  _ y: UnsafeMutablePointer<Float>, _ output: Shape
) {
  let weight = UnsafePointer(weights.weight.pointer)
  let bias = weights.bias.map { UnsafePointer($0.pointer) }
  let (stride, pad, dilation) = (spec.stride, spec.pad, spec.dilation)
  let channels = input.c / spec.groups  // of one group
  let outputs = output.c / spec.groups  // of one group
  for n in 0..<output.n {
    for k in 0..<output.c {
      let g = k / outputs
      for p in 0..<output.h {
        for q in 0..<output.w {
          var sum = bias?[k] ?? 0
          for c in 0..<channels {
            for r in 0..<spec.kernel.h {
              for s in 0..<spec.kernel.w {
                let h = p * stride.h - pad.h + r * dilation.h
                let w = q * stride.w - pad.w + s * dilation.w
                if h >= 0, h < input.h, w >= 0, w < input.w {
                  sum +=
                    weight[((k * channels + c) * spec.kernel.h + r) * spec.kernel.w + s]
                    * x[((n * input.c + g * channels + c) * input.h + h) * input.w + w]
                }
              }
            }
          }
          y[((n * output.c + k) * output.h + p) * output.w + q] = sum
        }
      }
    }
  }
}

/// y[m,k] = bias[k] + Σ_c weight[k,c] · x[m,c], where m counts what lies before the axis.
func naiveInnerProduct(
  _ spec: InnerProductSpec, _ weights: LayerWeights, _ x: UnsafePointer<Float>, _ input: Shape,
  _ y: UnsafeMutablePointer<Float>
) {
  let weight = UnsafePointer(weights.weight.pointer)
  let bias = weights.bias.map { UnsafePointer($0.pointer) }
  let count = weights.weight.shape.countPerImage
  let items = input.count / count
  for m in 0..<items {
    for k in 0..<spec.outputs {
      var sum = bias?[k] ?? 0
      for c in 0..<count { sum += weight[k * count + c] * x[m * count + c] }
      y[m * spec.outputs + k] = sum
    }
  }
}
