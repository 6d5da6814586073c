import Networks
import Tensors

extension Reference {
  /// Maximum or average over windows, as Caffe's `pooling_layer.cpp` computes them.
  ///
  /// A window is clipped to the input. The maximum starts from −FLT_MAX, which is therefore the result
  /// of a window that is clipped to nothing (possible where the stride exceeds the kernel). The average
  /// divides by the size of the window before it is clipped to the input, but after it is clipped to
  /// the *padded* input at its far end.
  ///
  /// The second output, if there is one, holds where in its plane each maximum stands: the first of
  /// equals, −1 for a window clipped to nothing.
  ///
  /// Bound: the maximum is exact. The average of m values is a sum, at most (m − 1) · u · Σ|x| off,
  /// then a division, or a product with a rounded reciprocal (2 u more): (m + 2) · u · Σ|x| ∕ size.
  static func pooling(
    _ spec: PoolingSpec, _ input: Operand, _ derivesBounds: Bool, _ results: inout [ReferenceResult]
  ) {
    let shape = input.shape
    let kernel = spec.isGlobal ? Extent(h: shape.h, w: shape.w) : spec.kernel
    let stride = spec.isGlobal ? .one : spec.stride
    let pad = spec.isGlobal ? .zero : spec.pad
    let (rows, columns) = (results[0].shape.h, results[0].shape.w)
    for plane in 0..<shape.n * shape.c {
      for p in 0..<rows {
        for q in 0..<columns {
          let h = p * stride.h - pad.h
          let w = q * stride.w - pad.w
          let hEnd = min(h + kernel.h, shape.h + pad.h)
          let wEnd = min(w + kernel.w, shape.w + pad.w)
          let size = (hEnd - h) * (wEnd - w)
          var maximum = -Double(Float.greatestFiniteMagnitude)
          var position = -1
          var sum = 0.0
          var magnitude = 0.0
          var count = 0
          for row in span(max(h, 0), min(hEnd, shape.h)) {
            for column in span(max(w, 0), min(wEnd, shape.w)) {
              let x = input.values[(plane * shape.h + row) * shape.w + column]
              if x > maximum { (maximum, position) = (x, row * shape.w + column) }
              sum += x
              magnitude += abs(x)
              count += 1
            }
          }
          let index = (plane * rows + p) * columns + q
          switch spec.method {
          case .max:
            results[0].values[index] = maximum
            if results.count > 1 { results[1].values[index] = Double(position) }
          case .average:
            results[0].values[index] = sum / Double(size)
            if derivesBounds {
              results[0].bounds[index] = Double(count + 2) * u * magnitude / Double(abs(size))
            }
          }
        }
      }
    }
  }

  /// `from ..< to`, empty where `to` is the smaller.
  private static func span(_ from: Int, _ to: Int) -> Range<Int> { from..<max(from, to) }
}
