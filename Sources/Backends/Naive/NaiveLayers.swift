import Foundation
import Networks
import Tensors

/// y = max(x, 0) + slope · min(x, 0)
func naiveReLU(
  _ spec: ReLUSpec, _ x: UnsafePointer<Float>, _ count: Int, _ y: UnsafeMutablePointer<Float>
) {
  for i in 0..<count { y[i] = max(x[i], 0) + spec.negativeSlope * min(x[i], 0) }
}

/// Maximum or average over the part of each window that lies inside the input. The average divides
/// by the size of the window before that, cut off only at the far end of the padding, as Caffe does.
func naivePooling(
  _ spec: PoolingSpec, _ x: UnsafePointer<Float>, _ input: Shape,
  _ y: UnsafeMutablePointer<Float>, _ output: Shape
) {
  let window = spec.window(over: input)
  for n in 0..<output.n {
    for c in 0..<output.c {
      let plane = x + (n * input.c + c) * input.h * input.w
      for p in 0..<output.h {
        for q in 0..<output.w {
          let h = p * window.stride.h - window.pad.h
          let w = q * window.stride.w - window.pad.w
          let hEnd = min(h + window.kernel.h, input.h + window.pad.h)
          let wEnd = min(w + window.kernel.w, input.w + window.pad.w)
          var maximum = -Float.greatestFiniteMagnitude
          var sum: Float = 0
          var row = max(h, 0)
          while row < min(hEnd, input.h) {
            var column = max(w, 0)
            while column < min(wEnd, input.w) {
              let value = plane[row * input.w + column]
              maximum = max(maximum, value)
              sum += value
              column += 1
            }
            row += 1
          }
          let average = sum / Float((hEnd - h) * (wEnd - w))
          y[((n * output.c + c) * output.h + p) * output.w + q] =
            spec.method == .max ? maximum : average
        }
      }
    }
  }
}

/// The maximum of each window and where in its plane it stands: the first of equals, −1 where nothing
/// of the window lies inside the input.
func naiveMaskedPooling(
  _ spec: PoolingSpec, _ x: UnsafePointer<Float>, _ input: Shape,
  _ y: UnsafeMutablePointer<Float>, mask: UnsafeMutablePointer<Float>, _ output: Shape
) {
  let window = spec.window(over: input)
  for n in 0..<output.n {
    for c in 0..<output.c {
      let plane = x + (n * input.c + c) * input.h * input.w
      for p in 0..<output.h {
        for q in 0..<output.w {
          var maximum = -Float.greatestFiniteMagnitude
          var position = -1
          for r in 0..<window.kernel.h {
            for s in 0..<window.kernel.w {
              let h = p * window.stride.h - window.pad.h + r
              let w = q * window.stride.w - window.pad.w + s
              if h >= 0, h < input.h, w >= 0, w < input.w, plane[h * input.w + w] > maximum {
                maximum = plane[h * input.w + w]
                position = h * input.w + w
              }
            }
          }
          let index = ((n * output.c + c) * output.h + p) * output.w + q
          y[index] = maximum
          mask[index] = Float(position)
        }
      }
    }
  }
}

/// y = x · (k + (α ∕ n) · Σ x²)^−β over `size` neighbouring channels, or over a size × size window
/// of the same channel, for which Caffe fixes k = 1.
func naiveLRN(
  _ spec: LRNSpec, _ x: UnsafePointer<Float>, _ input: Shape, _ y: UnsafeMutablePointer<Float>
) {
  let half = (spec.size - 1) / 2
  for n in 0..<input.n {
    for c in 0..<input.c {
      for h in 0..<input.h {
        for w in 0..<input.w {
          var sum: Float = 0
          let scale: Float
          switch spec.region {
          case .acrossChannels:
            for neighbour in max(c - half, 0)..<min(c + half + 1, input.c) {
              let value = x[((n * input.c + neighbour) * input.h + h) * input.w + w]
              sum += value * value
            }
            scale = spec.k + spec.alpha / Float(spec.size) * sum
          case .withinChannel:
            for row in max(h - half, 0)..<min(h + half + 1, input.h) {
              for column in max(w - half, 0)..<min(w + half + 1, input.w) {
                let value = x[((n * input.c + c) * input.h + row) * input.w + column]
                sum += value * value
              }
            }
            scale = 1 + spec.alpha / Float(spec.size * spec.size) * sum
          }
          let index = ((n * input.c + c) * input.h + h) * input.w + w
          y[index] = x[index] * pow(scale, -spec.beta)
        }
      }
    }
  }
}

/// y_i = exp(x_i − max x) ∕ Σ_j exp(x_j − max x) along one axis.
func naiveSoftmax(
  _ spec: SoftmaxSpec, _ x: UnsafePointer<Float>, _ input: Shape, _ y: UnsafeMutablePointer<Float>
) {
  let axis = AxisSplit(input, axis: spec.axis)
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
