import Foundation
import Networks
import Reference
import Tensors
import Testing

@Suite("Reference losses")
struct LossTests {
  private func loss(
    _ spec: SoftmaxWithLossSpec, _ shapes: [[Int]], _ scores: [Float], _ labels: [Float],
    topCount: Int = 1
  ) throws -> [ReferenceResult] {
    try SingleLayer(
      .softmaxWithLoss(spec), inputs: shapes.map(Shape.init), topCount: topCount
    ).outputs([scores, labels])
  }

  @Test("equal scores lose the logarithm of the number of classes, whatever the label")
  func equalScores() throws {
    let results = try loss(
      SoftmaxWithLossSpec(), [[2, 4], [2]], [7, 7, 7, 7, -1, -1, -1, -1], [0, 3], topCount: 2)
    #expect(abs(results[0].values[0] - log(4)) < 1e-15)
    #expect(results[0].shape == .scalar)
    #expect(results[1].values == [Double](repeating: 0.25, count: 8))
    #expect(results[1].bounds.allSatisfy { $0 > 0 && $0 < 1e-5 })
  }

  @Test(
    "the sum is divided by what the normalization says",
    arguments: [
      (LossNormalization.full, 6), (.valid, 4), (.batchSize, 2), (.none, 1),
    ])
  func normalization(normalization: LossNormalization, divisor: Int) throws {
    // Two images of three places, two of which are ignored.
    let spec = SoftmaxWithLossSpec(ignoredLabel: 1, normalization: normalization)
    let results = try loss(
      spec, [[2, 2, 3], [2, 3]], [Float](repeating: 0, count: 12), [0, 1, 0, 0, 0, 1])
    #expect(abs(results[0].values[0] - 4 * log(2) / Double(divisor)) < 1e-15)
  }

  @Test("all labels ignored lose nothing, and nothing is divided by 0")
  func allIgnored() throws {
    let spec = SoftmaxWithLossSpec(ignoredLabel: 0)
    #expect(try loss(spec, [[1, 2], [1]], [3, 4], [0])[0].values == [0])
  }

  @Test("a label as good as impossible loses what the smallest float does; no class, no number")
  func clamped() throws {
    let impossible = try loss(SoftmaxWithLossSpec(), [[1, 2], [1]], [200, 0], [1])[0]
    #expect(abs(impossible.values[0] + log(Double(Float.leastNormalMagnitude))) < 1e-12)
    for label: Float in [2, -1, .nan] {
      #expect(try loss(SoftmaxWithLossSpec(), [[1, 2], [1]], [1, 0], [label])[0].values[0].isNaN)
    }
  }

  @Test("the bound is tight enough to notice another label, and wide enough for float32")
  func bound() throws {
    let scores = random(40, "loss")
    let labels: [Float] = [3, 1, 0, 9]
    let want = try loss(SoftmaxWithLossSpec(), [[4, 10], [4]], scores, labels)[0]
    var other = labels
    other[2] = 5
    let wrong = try loss(SoftmaxWithLossSpec(), [[4, 10], [4]], scores, other)[0]
    #expect(abs(wrong.values[0] - want.values[0]) > 1000 * want.bounds[0])
    var sum: Float = 0
    for image in 0..<4 {
      let row = scores[image * 10..<(image + 1) * 10]
      let total = row.reduce(Float(0)) { $0 + exp($1) }
      sum -= log(exp(row[image * 10 + Int(labels[image])]) / total)
    }
    #expect(abs(Double(sum / 4) - want.values[0]) <= want.bounds[0])
  }

  @Test("half the mean square distance of the images")
  func euclidean() throws {
    let layer = try SingleLayer(
      .euclideanLoss(EuclideanLossSpec()), inputs: [Shape([2, 2]), Shape([2, 2])])
    let result = layer.outputs([[1, 2, 3, 4], [1, 0, 0, 0]])[0]
    #expect(result.values == [29.0 / 4])
    #expect(result.bounds[0] > 0 && result.bounds[0] < 1e-5)
  }

  private func accuracy(
    _ spec: AccuracySpec, _ shapes: [[Int]], _ scores: [Float], _ labels: [Float],
    topCount: Int = 1
  ) throws -> [ReferenceResult] {
    try SingleLayer(.accuracy(spec), inputs: shapes.map(Shape.init), topCount: topCount)
      .outputs([scores, labels])
  }

  @Test("the share of labels among the best, of all and of each class")
  func accuracy() throws {
    let scores: [Float] = [3, 2, 1, 1, 3, 2, 1, 2, 3, 9, 8, 7]
    let shapes = [[4, 3], [4]]
    let first = try accuracy(AccuracySpec(), shapes, scores, [0, 1, 1, 1], topCount: 2)
    #expect(first[0].values == [0.5])
    #expect(first[1].values == [1, 1.0 / 3, 0])
    #expect(try accuracy(AccuracySpec(topK: 2), shapes, scores, [0, 1, 1, 1])[0].values == [1])
    let ignoring = AccuracySpec(ignoredLabel: 1)
    #expect(try accuracy(ignoring, shapes, scores, [0, 1, 1, 2])[0].values == [0.5])
    #expect(try accuracy(ignoring, shapes, scores, [1, 1, 1, 1])[0].values == [0])
    #expect(try accuracy(AccuracySpec(), shapes, scores, [0, 1, 1, 3])[0].values[0].isNaN)
  }

  @Test("a rival with the same score counts against the label")
  func ties() throws {
    let shapes = [[1, 3], [1]]
    #expect(try accuracy(AccuracySpec(), shapes, [5, 5, 1], [0])[0].values == [0])
    #expect(try accuracy(AccuracySpec(topK: 2), shapes, [5, 5, 1], [0])[0].values == [1])
  }

  @Test("classes may lie along any axis")
  func axis() throws {
    let spec = AccuracySpec(axis: -1)
    let scores: [Float] = [1, 2, 2, 1, 4, 3, 0, 1]
    #expect(try accuracy(spec, [[2, 2, 2], [2, 2]], scores, [1, 0, 1, 1])[0].values == [0.75])
  }
}
