import Foundation
import Networks
import Tensors

extension Reference {
  /// loss = Σ −log(max(p, FLT_MIN)) ∕ divisor, p being what a softmax gives to each label that is not
  /// ignored. The second top is the softmax.
  ///
  /// Bound: of p, that of the softmax; of a term, how far −log moves when p moves so far, and 4 units
  /// in the last place, 8u, for the logarithm itself; of the sum of M terms, all positive, M · u more
  /// and for the quotient u.
  static func softmaxWithLoss(
    _ spec: SoftmaxWithLossSpec, _ scores: Operand, _ labels: Operand, _ derivesBounds: Bool,
    _ results: inout [ReferenceResult]
  ) {
    var softmax = ReferenceResult(zeros: scores.shape, derivesBounds: derivesBounds)
    Self.softmax(SoftmaxSpec(axis: spec.axis), scores, derivesBounds, &softmax)
    let places = Places(scores.shape, axis: spec.axis)
    let least = Double(Float.leastNormalMagnitude)
    var sum = 0.0
    var error = 0.0
    var count = 0
    for place in 0..<places.count {
      let label = places.label(labels.values[place])
      if label == spec.ignoredLabel { continue }
      count += 1
      guard (0..<places.classes).contains(label) else {
        sum = .nan
        continue
      }
      let index = places.index(place, label)
      let term = -log(max(softmax.values[index], least))
      sum += term
      guard derivesBounds else { continue }
      let (p, bound) = (softmax.values[index], softmax.bounds[index])
      error +=
        8 * u * abs(term) + log(max(p + bound, least)) - log(max(p - bound, least))
    }
    let divisor = Double(
      spec.normalization.divisor(
        images: places.outer, labels: places.count, validLabels: count))
    results[0].values[0] = sum / divisor
    if derivesBounds {
      results[0].bounds[0] = (error + Double(count + 2) * u * abs(sum)) / divisor
    }
    if results.count > 1 { results[1] = softmax }
  }

  /// loss = Σ (a − b)² ∕ (2 N).
  ///
  /// Bound: a difference and its square are off by 3u relatively, the sum of n squares, all positive,
  /// by n · u, the quotients by 2u.
  static func euclideanLoss(
    _ a: Operand, _ b: Operand, _ derivesBounds: Bool, _ result: inout ReferenceResult
  ) {
    let sum = zip(a.values, b.values).reduce(0.0) { sum, pair in
      sum + (pair.0 - pair.1) * (pair.0 - pair.1)
    }
    result.values[0] = sum / Double(2 * a.shape.n)
    if derivesBounds {
      result.bounds[0] = Double(a.values.count + 5) * u * result.values[0]
    }
  }

  /// The share of labels that fewer than `topK` other classes score as high as or higher; the second
  /// top is the same for the labels of each class.
  ///
  /// Bound: comparisons are exact, so are counts; the quotient is rounded once.
  static func accuracy(
    _ spec: AccuracySpec, _ scores: Operand, _ labels: Operand, _ derivesBounds: Bool,
    _ results: inout [ReferenceResult]
  ) {
    let places = Places(scores.shape, axis: spec.axis)
    var hits = [Double](repeating: 0, count: places.classes)
    var counts = hits
    var isValid = true
    for place in 0..<places.count {
      let label = places.label(labels.values[place])
      if label == spec.ignoredLabel { continue }
      guard (0..<places.classes).contains(label) else {
        isValid = false
        continue
      }
      counts[label] += 1
      let score = scores.values[places.index(place, label)]
      let rivals = (0..<places.classes).count {
        $0 != label && scores.values[places.index(place, $0)] >= score
      }
      if rivals < spec.topK { hits[label] += 1 }
    }
    func share(_ hits: Double, of count: Double) -> Double { count == 0 ? 0 : hits / count }
    results[0].values[0] = share(hits.reduce(0, +), of: counts.reduce(0, +))
    if !isValid { results[0].values[0] = .nan }
    if results.count > 1 { results[1].values = zip(hits, counts).map(share) }
    guard derivesBounds else { return }
    for index in results.indices { results[index].bounds = results[index].values.map { $0 * u } }
  }
}

/// The places that a label belongs to, and where their scores lie.
struct Places {
  let outer: Int
  let classes: Int
  let inner: Int
  var count: Int { outer * inner }

  init(_ scores: Shape, axis: Int) {
    outer = scores.count(of: 0..<axis)
    classes = scores.dimensions[axis]
    inner = scores.count(of: axis + 1..<scores.rank)
  }

  /// A label as Caffe reads it, cut to a whole number; no class for what is none.
  func label(_ value: Double) -> Int { Int(exactly: value.rounded(.towardZero)) ?? .min }

  /// Of the score of a class, in row-major order.
  func index(_ place: Int, _ label: Int) -> Int {
    (place / inner * classes + label) * inner + place % inner
  }
}
