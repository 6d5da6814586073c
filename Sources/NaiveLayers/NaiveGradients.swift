import Foundation
import Networks
import Tensors

// Backward: dx, dy, dw and db are the gradients of the loss with respect to input, output, weight and bias.

/// dx[n,c,h,w] = Σ weight[k,c,r,s] · dy[n,k,p,q] over all that meet in forward.
package func naiveConvolutionData(
  _ spec: ConvolutionSpec, _ weights: LayerWeights, _ dy: UnsafePointer<Float>,
  _ output: ImageAxes, _ dx: UnsafeMutablePointer<Float>, _ input: ImageAxes
) {
  let weight = UnsafePointer(weights.weight.pointer)
  let (kernel, stride, pad, dilation) = (spec.kernel, spec.stride, spec.pad, spec.dilation)
  let channels = input.c / spec.groups  // of one group
  let outputs = output.c / spec.groups  // of one group
  dx.update(repeating: 0, count: input.n * input.c * input.h * input.w)
  for n in 0..<output.n {
    for k in 0..<output.c {
      let filters = weight + k * channels * kernel.h * kernel.w
      let planes = dx + (n * input.c + k / outputs * channels) * input.h * input.w
      for p in 0..<output.h {
        let h = p * stride.h - pad.h
        let rows = inside(kernel.h, from: h, dilation: dilation.h, input.h)
        for q in 0..<output.w {
          let w = q * stride.w - pad.w
          let columns = inside(kernel.w, from: w, dilation: dilation.w, input.w)
          let gradient = dy[((n * output.c + k) * output.h + p) * output.w + q]
          for c in 0..<channels {
            for r in rows {
              let filter = filters + (c * kernel.h + r) * kernel.w
              let row = planes + (c * input.h + h + r * dilation.h) * input.w
              for s in columns { row[w + s * dilation.w] += filter[s] * gradient }
            }
          }
        }
      }
    }
  }
}

/// dw[k,c,r,s] = Σ_{n,p,q} dy[n,k,p,q] · x[n, g·C∕G + c, h, w] and db[k] = Σ_{n,p,q} dy[n,k,p,q].
package func naiveConvolutionWeights(
  _ spec: ConvolutionSpec, _ dy: UnsafePointer<Float>, _ output: ImageAxes,
  _ x: UnsafePointer<Float>, _ input: ImageAxes, _ dw: UnsafeMutablePointer<Float>,
  _ db: UnsafeMutablePointer<Float>?
) {
  let (kernel, stride, pad, dilation) = (spec.kernel, spec.stride, spec.pad, spec.dilation)
  let channels = input.c / spec.groups  // of one group
  let outputs = output.c / spec.groups  // of one group
  dw.update(repeating: 0, count: output.c * channels * kernel.h * kernel.w)
  db?.update(repeating: 0, count: output.c)
  for n in 0..<output.n {
    for k in 0..<output.c {
      let filters = dw + k * channels * kernel.h * kernel.w
      let planes = x + (n * input.c + k / outputs * channels) * input.h * input.w
      for p in 0..<output.h {
        let h = p * stride.h - pad.h
        let rows = inside(kernel.h, from: h, dilation: dilation.h, input.h)
        for q in 0..<output.w {
          let w = q * stride.w - pad.w
          let columns = inside(kernel.w, from: w, dilation: dilation.w, input.w)
          let gradient = dy[((n * output.c + k) * output.h + p) * output.w + q]
          db?[k] += gradient
          for c in 0..<channels {
            for r in rows {
              let filter = filters + (c * kernel.h + r) * kernel.w
              let row = planes + (c * input.h + h + r * dilation.h) * input.w
              for s in columns { filter[s] += gradient * row[w + s * dilation.w] }
            }
          }
        }
      }
    }
  }
}

/// dx[m,c] = Σ_k weight[k,c] · dy[m,k]
package func naiveInnerProductData(
  _ spec: InnerProductSpec, _ weights: LayerWeights, _ dy: UnsafePointer<Float>, items: Int,
  _ dx: UnsafeMutablePointer<Float>
) {
  let count = weights.weight.shape.countPerImage
  dx.update(repeating: 0, count: items * count)
  for m in 0..<items {
    for k in 0..<spec.outputs {
      let weight = weights.weight.pointer + k * count
      let gradient = dy[m * spec.outputs + k]
      for c in 0..<count { dx[m * count + c] += weight[c] * gradient }
    }
  }
}

/// dw[k,c] = Σ_m dy[m,k] · x[m,c] and db[k] = Σ_m dy[m,k]; a transposed weight's gradient lies as C×K.
package func naiveInnerProductWeights(
  _ spec: InnerProductSpec, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, items: Int,
  count: Int, _ dw: UnsafeMutablePointer<Float>, _ db: UnsafeMutablePointer<Float>?
) {
  let (outputStep, inputStep) = spec.isTransposed ? (1, spec.outputs) : (count, 1)
  for k in 0..<spec.outputs {
    for c in 0..<count {
      var sum: Float = 0
      for m in 0..<items { sum += dy[m * spec.outputs + k] * x[m * count + c] }
      dw[k * outputStep + c * inputStep] = sum
    }
    if let db {
      db[k] = 0
      for m in 0..<items { db[k] += dy[m * spec.outputs + k] }
    }
  }
}

/// All of dy goes to the first of the largest values in its window.
package func naiveMaximumPoolingData(
  _ window: PoolingWindow, _ dy: UnsafePointer<Float>, _ output: ImageAxes,
  _ x: UnsafePointer<Float>, _ input: ImageAxes, _ dx: UnsafeMutablePointer<Float>
) {
  let (kernel, stride, pad) = window
  dx.update(repeating: 0, count: input.n * input.c * input.h * input.w)
  for plane in 0..<output.n * output.c {
    let values = x + plane * input.h * input.w
    for p in 0..<output.h {
      let h = p * stride.h - pad.h
      let rows = inside(kernel.h, from: h, input.h)
      for q in 0..<output.w {
        let w = q * stride.w - pad.w
        let columns = inside(kernel.w, from: w, input.w)
        if rows.isEmpty || columns.isEmpty { continue }
        var best = (h + rows.lowerBound) * input.w + w + columns.lowerBound
        for r in rows {
          for s in columns {
            let place = (h + r) * input.w + w + s
            if values[place] > values[best] { best = place }
          }
        }
        dx[plane * input.h * input.w + best] += dy[(plane * output.h + p) * output.w + q]
      }
    }
  }
}

/// dy is shared out over its window, over the size that forward divides by.
package func naiveAveragePoolingData(
  _ window: PoolingWindow, _ dy: UnsafePointer<Float>, _ output: ImageAxes, _ input: ImageAxes,
  _ dx: UnsafeMutablePointer<Float>
) {
  let (kernel, stride, pad) = window
  dx.update(repeating: 0, count: input.n * input.c * input.h * input.w)
  for plane in 0..<output.n * output.c {
    for p in 0..<output.h {
      let h = p * stride.h - pad.h
      let rows = inside(kernel.h, from: h, input.h)
      for q in 0..<output.w {
        let w = q * stride.w - pad.w
        let columns = inside(kernel.w, from: w, input.w)
        let size =
          (min(h + kernel.h, input.h + pad.h) - h) * (min(w + kernel.w, input.w + pad.w) - w)
        let share = dy[(plane * output.h + p) * output.w + q] / Float(size)
        for r in rows {
          for s in columns { dx[(plane * input.h + h + r) * input.w + w + s] += share }
        }
      }
    }
  }
}

/// dx_c = dy_c · s_c^−β − (2 α β ∕ n) · x_c · Σ_j dy_j · x_j · s_j^(−β−1) over the window around c, where
/// s = k + (α ∕ n) · Σ x².
/// - Parameter scratch: two arrays as large as x.
package func naiveLRNData(
  _ spec: LRNSpec, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ input: ImageAxes,
  _ dx: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
) {
  let half = (spec.size - 1) / 2
  let isAcross = spec.region == .acrossChannels
  let plane = input.h * input.w
  let count = input.n * input.c * plane
  let factor = spec.alpha / Float(isAcross ? spec.size : spec.size * spec.size)
  let k = isAcross ? spec.k : 1
  /// The sum of `term` over the window around an element.
  @inline(__always)
  func sum(_ n: Int, _ c: Int, _ h: Int, _ w: Int, _ term: (Int) -> Float) -> Float {
    var sum: Float = 0
    if isAcross {
      for j in max(c - half, 0)..<min(c + half + 1, input.c) {
        sum += term((n * input.c + j) * plane + h * input.w + w)
      }
    } else {
      for row in max(h - half, 0)..<min(h + half + 1, input.h) {
        for column in max(w - half, 0)..<min(w + half + 1, input.w) {
          sum += term((n * input.c + c) * plane + row * input.w + column)
        }
      }
    }
    return sum
  }
  let scales = scratch
  let terms = scratch + count
  for n in 0..<input.n {
    for c in 0..<input.c {
      for h in 0..<input.h {
        for w in 0..<input.w {
          let i = ((n * input.c + c) * input.h + h) * input.w + w
          scales[i] = k + factor * sum(n, c, h, w) { x[$0] * x[$0] }
          terms[i] = dy[i] * x[i] * pow(scales[i], -spec.beta - 1)
        }
      }
    }
  }
  for n in 0..<input.n {
    for c in 0..<input.c {
      for h in 0..<input.h {
        for w in 0..<input.w {
          let i = ((n * input.c + c) * input.h + h) * input.w + w
          dx[i] =
            dy[i] * pow(scales[i], -spec.beta)
            - 2 * factor * spec.beta * x[i] * sum(n, c, h, w) { terms[$0] }
        }
      }
    }
  }
}

/// dx = dy where the value is above 0, and slope · dy elsewhere.
/// - Parameter x: the input, or the output, which has the same sign.
package func naiveReLUData(
  _ spec: ReLUSpec, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int,
  _ dx: UnsafeMutablePointer<Float>
) {
  for i in 0..<count { dx[i] = x[i] > 0 ? dy[i] : spec.negativeSlope * dy[i] }
}

/// dx = dy · y · (1 − y)
package func naiveSigmoidData(
  _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int,
  _ dx: UnsafeMutablePointer<Float>
) {
  for i in 0..<count { dx[i] = dy[i] * y[i] * (1 - y[i]) }
}

/// dx = dy · (1 − y²)
package func naiveTanhData(
  _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int,
  _ dx: UnsafeMutablePointer<Float>
) {
  for i in 0..<count { dx[i] = dy[i] * (1 - y[i] * y[i]) }
}

/// dx = dy · power · scale · (shift + scale · x)^(power − 1)
/// - Parameter x: nil where it does not matter.
package func naivePowerData(
  _ spec: PowerSpec, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>?, _ count: Int,
  _ dx: UnsafeMutablePointer<Float>
) {
  let factor = spec.power * spec.scale
  for i in 0..<count {
    guard let x else {
      dx[i] = factor * dy[i]
      continue
    }
    let base = spec.shift + spec.scale * x[i]
    dx[i] = factor * dy[i] * (spec.power == 2 ? base : pow(base, spec.power - 1))
  }
}

/// One input's part of dy along the axis.
/// - Parameters:
///   - outer: elements before the axis.
///   - part: of the elements from the axis on.
package func naiveConcatData(
  _ dy: UnsafePointer<Float>, _ outer: Int, row: Int, part: Range<Int>,
  _ dx: UnsafeMutablePointer<Float>
) {
  for item in 0..<outer {
    for j in part { dx[item * part.count + j - part.lowerBound] = dy[item * row + j] }
  }
}

/// Of a sum dy with the factor, of a product dy times all others, of a maximum dy where the input has it: of
/// the first two inputs the second where they are equal, of later ones the earlier.
package func naiveEltwiseData(
  _ spec: EltwiseSpec, _ dy: UnsafePointer<Float>, _ x: [UnsafePointer<Float>], of target: Int,
  _ count: Int, _ dx: UnsafeMutablePointer<Float>
) {
  for i in 0..<count {
    switch spec.operation {
    case .sum: dx[i] = spec.coefficient(target) * dy[i]
    case .product:
      dx[i] = dy[i]
      for j in 0..<x.count where j != target { dx[i] *= x[j][i] }
    case .maximum:
      var best = x[0][i] > x[1][i] ? 0 : 1
      for j in 2..<max(x.count, 2) where x[j][i] > x[best][i] { best = j }
      dx[i] = best == target ? dy[i] : 0
    }
  }
}

/// dx_i = y_i · (dy_i − Σ_j dy_j · y_j) along one axis.
package func naiveSoftmaxData(
  _ dy: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ axis: AxisSplit,
  _ dx: UnsafeMutablePointer<Float>
) {
  for outer in 0..<axis.outer {
    for inner in 0..<axis.inner {
      let first = outer * axis.count * axis.inner + inner
      var sum: Float = 0
      for j in 0..<axis.count { sum += dy[first + j * axis.inner] * y[first + j * axis.inner] }
      for j in 0..<axis.count {
        let i = first + j * axis.inner
        dx[i] = y[i] * (dy[i] - sum)
      }
    }
  }
}

/// dx = (softmax − 1 at the label) · weight ∕ divisor; 0 where the label is ignored.
package func naiveSoftmaxWithLossData(
  _ spec: SoftmaxWithLossSpec, _ scores: UnsafePointer<Float>, _ axis: AxisSplit,
  labels: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>
) {
  naiveSoftmax(scores, axis, dx)
  let places = axis.outer * axis.inner
  var count = 0
  for place in 0..<places where classLabel(labels[place]) != spec.ignoredLabel { count += 1 }
  let divisor = spec.normalization.divisor(
    images: axis.outer, labels: places, validLabels: count)
  let factor = spec.lossWeight / Float(divisor)
  for outer in 0..<axis.outer {
    for inner in 0..<axis.inner {
      let first = outer * axis.count * axis.inner + inner
      let label = classLabel(labels[outer * axis.inner + inner])
      for j in 0..<axis.count {
        let i = first + j * axis.inner
        dx[i] = label == spec.ignoredLabel ? 0 : (dx[i] - (j == label ? 1 : 0)) * factor
      }
    }
  }
}

/// dx = ± (a − b) · weight ∕ N, minus for b.
package func naiveEuclideanLossData(
  _ spec: EuclideanLossSpec, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int,
  images: Int, of target: Int, _ dx: UnsafeMutablePointer<Float>
) {
  let factor = (target == 0 ? spec.lossWeight : -spec.lossWeight) / Float(images)
  for i in 0..<count { dx[i] = factor * (a[i] - b[i]) }
}
