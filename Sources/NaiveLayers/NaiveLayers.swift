import Foundation
import Networks
import Tensors

// The loop nests of backend `naive`: each layer as its definition reads. A module of its own, because it
// is compiled without checks for overflow, as a C compiler compiles such loops; with them some are half
// as fast. `Scripts/compare-naive` holds them against C.

/// The axes of an image blob as plain numbers: ``Shape`` looks each up in an array, which takes longer
/// than a multiply-add does.
package struct ImageAxes {
  package let n, c, h, w: Int

  package init(_ shape: Shape) { (n, c, h, w) = (shape.n, shape.c, shape.h, shape.w) }
}

/// Which rows of a window lie inside the input, or which columns; the rest meets padding.
/// - Parameters:
///   - kernel: rows of the window.
///   - start: the row of the input that the window's first one meets.
///   - size: rows of the input.
@inline(__always)
func inside(_ kernel: Int, from start: Int, _ size: Int) -> Range<Int> {
  let first = max(0, -start)
  return first..<max(first, min(kernel, size - start))
}

/// The same for a window whose rows are `dilation` rows of the input apart.
@inline(__always)
func inside(_ kernel: Int, from start: Int, dilation: Int, _ size: Int) -> Range<Int> {
  let first = max(0, (dilation - 1 - start) / dilation)
  return first..<max(first, min(kernel, (size - start + dilation - 1) / dilation))
}

/// y[n,k,p,q] = bias[k] + Σ_{c,r,s} weight[k,c,r,s] · x[n, g·C∕G + c, h, w], where
/// h = p·stride − pad + r·dilation and likewise w, and x is zero outside.
package func naiveConvolution(
  _ spec: ConvolutionSpec, _ weights: LayerWeights, _ x: UnsafePointer<Float>, _ input: ImageAxes,
  _ y: UnsafeMutablePointer<Float>, _ output: ImageAxes
) {
  let weight = UnsafePointer(weights.weight.pointer)
  let bias = weights.bias.map { UnsafePointer($0.pointer) }
  let (kernel, stride, pad, dilation) = (spec.kernel, spec.stride, spec.pad, spec.dilation)
  let channels = input.c / spec.groups  // of one group
  let outputs = output.c / spec.groups  // of one group
  for n in 0..<output.n {
    for k in 0..<output.c {
      let filters = weight + k * channels * kernel.h * kernel.w
      let planes = x + (n * input.c + k / outputs * channels) * input.h * input.w
      for p in 0..<output.h {
        let h = p * stride.h - pad.h
        let rows = inside(kernel.h, from: h, dilation: dilation.h, input.h)
        for q in 0..<output.w {
          let w = q * stride.w - pad.w
          let columns = inside(kernel.w, from: w, dilation: dilation.w, input.w)
          var sum = bias?[k] ?? 0
          for c in 0..<channels {
            for r in rows {
              let filter = filters + (c * kernel.h + r) * kernel.w
              let row = planes + (c * input.h + h + r * dilation.h) * input.w
              for s in columns { sum += filter[s] * row[w + s * dilation.w] }
            }
          }
          y[((n * output.c + k) * output.h + p) * output.w + q] = sum
        }
      }
    }
  }
}

/// y[m,k] = bias[k] + Σ_c weight[k,c] · x[m,c], where m counts what lies before the axis.
package func naiveInnerProduct(
  _ spec: InnerProductSpec, _ weights: LayerWeights, _ x: UnsafePointer<Float>, _ inputCount: Int,
  _ y: UnsafeMutablePointer<Float>
) {
  let bias = weights.bias.map { UnsafePointer($0.pointer) }
  let count = weights.weight.shape.countPerImage
  for m in 0..<inputCount / count {
    let item = x + m * count
    for k in 0..<spec.outputs {
      let weight = weights.weight.pointer + k * count
      var sum = bias?[k] ?? 0
      for c in 0..<count { sum += weight[c] * item[c] }
      y[m * spec.outputs + k] = sum
    }
  }
}

/// y = max(x, 0) + slope · min(x, 0)
package func naiveReLU(
  _ spec: ReLUSpec, _ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>
) {
  for i in 0..<count { y[i] = max(x[i], 0) + spec.negativeSlope * min(x[i], 0) }
}

/// The maximum over the part of each window that lies inside the input.
package func naiveMaximumPooling(
  _ window: PoolingWindow, _ x: UnsafePointer<Float>, _ input: ImageAxes,
  _ y: UnsafeMutablePointer<Float>,
  _ output: ImageAxes
) {
  let (kernel, stride, pad) = window
  for plane in 0..<output.n * output.c {
    for p in 0..<output.h {
      let h = p * stride.h - pad.h
      let rows = inside(kernel.h, from: h, input.h)
      for q in 0..<output.w {
        let w = q * stride.w - pad.w
        let columns = inside(kernel.w, from: w, input.w)
        var maximum = -Float.greatestFiniteMagnitude
        for r in rows {
          for s in columns {
            let value = x[(plane * input.h + h + r) * input.w + w + s]
            maximum = value > maximum ? value : maximum
          }
        }
        y[(plane * output.h + p) * output.w + q] = maximum
      }
    }
  }
}

/// The sum over the part of each window that lies inside the input, divided by the size of the window
/// before that, cut off only at the far end of the padding, as Caffe does.
package func naiveAveragePooling(
  _ window: PoolingWindow, _ x: UnsafePointer<Float>, _ input: ImageAxes,
  _ y: UnsafeMutablePointer<Float>,
  _ output: ImageAxes
) {
  let (kernel, stride, pad) = window
  for plane in 0..<output.n * output.c {
    for p in 0..<output.h {
      let h = p * stride.h - pad.h
      let rows = inside(kernel.h, from: h, input.h)
      for q in 0..<output.w {
        let w = q * stride.w - pad.w
        let columns = inside(kernel.w, from: w, input.w)
        var sum: Float = 0
        for r in rows {
          for s in columns { sum += x[(plane * input.h + h + r) * input.w + w + s] }
        }
        let size =
          (min(h + kernel.h, input.h + pad.h) - h) * (min(w + kernel.w, input.w + pad.w) - w)
        y[(plane * output.h + p) * output.w + q] = sum / Float(size)
      }
    }
  }
}

/// The maximum of each window and where in its plane it stands: the first of equals, −1 where nothing
/// of the window lies inside the input.
package func naiveMaskedPooling(
  _ window: PoolingWindow, _ x: UnsafePointer<Float>, _ input: ImageAxes,
  _ y: UnsafeMutablePointer<Float>,
  mask: UnsafeMutablePointer<Float>, _ output: ImageAxes
) {
  let (kernel, stride, pad) = window
  for plane in 0..<output.n * output.c {
    for p in 0..<output.h {
      let h = p * stride.h - pad.h
      let rows = inside(kernel.h, from: h, input.h)
      for q in 0..<output.w {
        let w = q * stride.w - pad.w
        let columns = inside(kernel.w, from: w, input.w)
        var maximum = -Float.greatestFiniteMagnitude
        var position = -1
        for r in rows {
          for s in columns {
            let place = (h + r) * input.w + w + s
            let value = x[plane * input.h * input.w + place]
            if value > maximum { (maximum, position) = (value, place) }
          }
        }
        let index = (plane * output.h + p) * output.w + q
        y[index] = maximum
        mask[index] = Float(position)
      }
    }
  }
}

/// y = x · (k + (α ∕ n) · Σ x²)^−β over `size` neighbouring channels.
package func naiveLRNAcross(
  _ spec: LRNSpec, _ x: UnsafePointer<Float>, _ input: ImageAxes, _ y: UnsafeMutablePointer<Float>
) {
  let half = (spec.size - 1) / 2
  let pixels = input.h * input.w
  for n in 0..<input.n {
    for c in 0..<input.c {
      let neighbours = max(c - half, 0)..<min(c + half + 1, input.c)
      for pixel in 0..<pixels {
        let column = x + n * input.c * pixels + pixel
        var sum: Float = 0
        for i in neighbours { sum += column[i * pixels] * column[i * pixels] }
        let scale = spec.k + spec.alpha / Float(spec.size) * sum
        y[(n * input.c + c) * pixels + pixel] = column[c * pixels] * pow(scale, -spec.beta)
      }
    }
  }
}

/// y = x · (1 + (α ∕ n²) · Σ x²)^−β over a size × size window of the same channel: here Caffe fixes
/// k = 1.
package func naiveLRNWithin(
  _ spec: LRNSpec, _ x: UnsafePointer<Float>, _ input: ImageAxes, _ y: UnsafeMutablePointer<Float>
) {
  let half = (spec.size - 1) / 2
  for plane in 0..<input.n * input.c {
    for h in 0..<input.h {
      for w in 0..<input.w {
        let columns = max(w - half, 0)..<min(w + half + 1, input.w)
        var sum: Float = 0
        for r in max(h - half, 0)..<min(h + half + 1, input.h) {
          let row = x + (plane * input.h + r) * input.w
          for s in columns { sum += row[s] * row[s] }
        }
        let scale = 1 + spec.alpha / Float(spec.size * spec.size) * sum
        let index = (plane * input.h + h) * input.w + w
        y[index] = x[index] * pow(scale, -spec.beta)
      }
    }
  }
}

/// y_i = exp(x_i − max x) ∕ Σ_j exp(x_j − max x) along one axis.
package func naiveSoftmax(
  _ x: UnsafePointer<Float>, _ axis: AxisSplit, _ y: UnsafeMutablePointer<Float>
) {
  for outer in 0..<axis.outer {
    for inner in 0..<axis.inner {
      let first = outer * axis.count * axis.inner + inner
      var maximum = x[first]
      for j in 0..<axis.count { maximum = max(maximum, x[first + j * axis.inner]) }
      var sum: Float = 0
      for j in 0..<axis.count { sum += exp(x[first + j * axis.inner] - maximum) }
      for j in 0..<axis.count {
        y[first + j * axis.inner] = exp(x[first + j * axis.inner] - maximum) / sum
      }
    }
  }
}

/// y = (shift + scale · x) ^ power; where power · scale is 0, shift ^ power, and 1 for a power of 0.
package func naivePower(
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
package func naiveSigmoid(_ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>)
{
  for i in 0..<count { y[i] = 1 / (1 + exp(-x[i])) }
}

/// y = tanh x
package func naiveTanh(_ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>) {
  for i in 0..<count { y[i] = tanh(x[i]) }
}

/// y = Σ_i c_i · x_i, Π_i x_i or max_i x_i, element by element.
package func naiveEltwise(
  _ spec: EltwiseSpec, _ x: [UnsafePointer<Float>], _ count: Int, _ y: UnsafeMutablePointer<Float>
) {
  let first = spec.operation == .sum ? spec.coefficient(0) : 1
  for j in 0..<count { y[j] = first * x[0][j] }
  for i in 1..<x.count {
    let (other, coefficient) = (x[i], spec.coefficient(i))
    switch spec.operation {
    case .sum: for j in 0..<count { y[j] += coefficient * other[j] }
    case .product: for j in 0..<count { y[j] *= other[j] }
    case .maximum: for j in 0..<count { y[j] = other[j] > y[j] ? other[j] : y[j] }
    }
  }
}

/// The inputs behind each other along an axis.
/// - Parameters:
///   - outer: elements before the axis.
///   - counts: of each input, elements from the axis on.
package func naiveConcat(
  _ outer: Int, _ x: [UnsafePointer<Float>], _ counts: [Int], _ y: UnsafeMutablePointer<Float>
) {
  var next = y
  for item in 0..<outer {
    for (input, count) in zip(x, counts) {
      for j in 0..<count { next[j] = input[item * count + j] }
      next += count
    }
  }
}

/// loss = Σ −log(max(softmax[label], FLT_MIN)) ∕ divisor over the labels that are not ignored.
/// - Parameter softmax: where the softmax goes, or nil.
package func naiveSoftmaxWithLoss(
  _ spec: SoftmaxWithLossSpec, _ scores: UnsafePointer<Float>, _ axis: AxisSplit,
  labels: UnsafePointer<Float>, _ loss: UnsafeMutablePointer<Float>,
  softmax: UnsafeMutablePointer<Float>?
) {
  var total: Float = 0
  var count = 0
  for outer in 0..<axis.outer {
    for inner in 0..<axis.inner {
      let first = outer * axis.count * axis.inner + inner
      var maximum = scores[first]
      for j in 0..<axis.count { maximum = max(maximum, scores[first + j * axis.inner]) }
      var sum: Float = 0
      for j in 0..<axis.count { sum += exp(scores[first + j * axis.inner] - maximum) }
      func share(_ j: Int) -> Float { exp(scores[first + j * axis.inner] - maximum) / sum }
      if let softmax {
        for j in 0..<axis.count { softmax[first + j * axis.inner] = share(j) }
      }
      let label = classLabel(labels[outer * axis.inner + inner])
      if label == spec.ignoredLabel { continue }
      count += 1
      total -=
        label >= 0 && label < axis.count ? log(max(share(label), .leastNormalMagnitude)) : .nan
    }
  }
  loss[0] =
    total
    / Float(
      spec.normalization.divisor(
        images: axis.outer, labels: axis.outer * axis.inner, validLabels: count))
}

/// loss = Σ (a − b)² ∕ (2 N)
package func naiveEuclideanLoss(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int, images: Int,
  _ loss: UnsafeMutablePointer<Float>
) {
  var sum: Float = 0
  for i in 0..<count { sum += (a[i] - b[i]) * (a[i] - b[i]) }
  loss[0] = sum / Float(2 * images)
}

/// The share of labels that fewer than `topK` other classes score as high as or higher.
/// - Parameter ofClass: where the same for the labels of each class goes, or nil.
package func naiveAccuracy(
  _ spec: AccuracySpec, _ scores: UnsafePointer<Float>, _ axis: AxisSplit,
  labels: UnsafePointer<Float>, _ accuracy: UnsafeMutablePointer<Float>,
  ofClass: UnsafeMutablePointer<Float>?
) {
  /// Of the labels of one class, or of all.
  func share(of wanted: Int?) -> Float {
    var hits: Float = 0
    var count: Float = 0
    for outer in 0..<axis.outer {
      for inner in 0..<axis.inner {
        let label = classLabel(labels[outer * axis.inner + inner])
        if label == spec.ignoredLabel || wanted != nil && wanted != label { continue }
        guard label >= 0, label < axis.count else { return .nan }
        let first = outer * axis.count * axis.inner + inner
        var rivals = 0
        for j in 0..<axis.count where j != label {
          if scores[first + j * axis.inner] >= scores[first + label * axis.inner] { rivals += 1 }
        }
        count += 1
        if rivals < spec.topK { hits += 1 }
      }
    }
    return count == 0 ? 0 : hits / count
  }
  accuracy[0] = share(of: nil)
  if let ofClass {
    for label in 0..<axis.count { ofClass[label] = share(of: label) }
  }
}
