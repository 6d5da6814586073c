import Foundation
import Networks
import Tensors

/// loss = Σ −log(max(softmax[label], FLT_MIN)) ∕ divisor over the labels that are not ignored.
/// - Parameter softmax: where the softmax goes, or nil.
func naiveSoftmaxWithLoss(
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
func naiveEuclideanLoss(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ shape: Shape,
  _ loss: UnsafeMutablePointer<Float>
) {
  var sum: Float = 0
  for i in 0..<shape.count { sum += (a[i] - b[i]) * (a[i] - b[i]) }
  loss[0] = sum / Float(2 * shape.n)
}

/// The share of labels that fewer than `topK` other classes score as high as or higher.
/// - Parameter ofClass: where the same for the labels of each class goes, or nil.
func naiveAccuracy(
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
