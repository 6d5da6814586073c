import Measuring
import Networks
import Reference
import Results
import Tensors
import Testing

@Suite struct JudgeTests {
  private let shape = Shape(n: 1, c: 2, h: 3, w: 4)

  private func reference(_ value: Double = 1, bound: Double = 1e-6) -> ReferenceResult {
    ReferenceResult(
      shape: shape, values: [Double](repeating: value, count: shape.count),
      bounds: [Double](repeating: bound, count: shape.count))
  }

  private func judge(
    _ values: [Float], _ reference: ReferenceResult, amplification: Double = 1
  ) -> Verdict {
    Judge.judge(
      layer: values, kind: .convolution, against: reference, amplification: amplification)
  }

  @Test("Outputs inside their bounds are right, and the errors are recorded")
  func inside() throws {
    var values = [Float](repeating: 1, count: shape.count)
    values[5] = 1 + 0x1p-21
    let verdict = judge(values, reference())
    #expect(verdict.status == .ok)
    #expect(verdict.check.maxAbsError == 0x1p-21)
    #expect(verdict.check.errorBound == 1e-6)
    #expect(try #require(verdict.check.nrmse) > 0)
  }

  @Test("One output beyond its bound fails, and is named by its position")
  func outside() {
    var values = [Float](repeating: 1, count: shape.count)
    values[17] = 1.5
    let verdict = judge(values, reference())
    #expect(verdict.status == .failed)
    #expect(verdict.reason.contains("[0,1,1,1]"))
    #expect(verdict.check.maxAbsError == 0.5)
  }

  @Test("A bound counts for its own output only")
  func ownBounds() {
    var want = reference()
    want.bounds[3] = 1
    var values = [Float](repeating: 1, count: shape.count)
    values[3] = 1.5
    #expect(judge(values, want).status == .ok)
    values.swapAt(3, 4)
    #expect(judge(values, want).status == .failed)
  }

  @Test("Amplification widens the bound")
  func amplification() {
    var values = [Float](repeating: 1, count: shape.count)
    values[0] = 1 + 0x1p-18
    #expect(judge(values, reference()).status == .failed)
    #expect(judge(values, reference(), amplification: 8).status == .ok)
  }

  @Test("An amplified bound does not excuse a tile that is wrong as a whole")
  func amplifiedButWrong() {
    var values = [Float](repeating: 1, count: shape.count)
    values[0] = 0
    let verdict = judge(values, reference(), amplification: 1e7)
    #expect(verdict.status == .failed)
    #expect(verdict.reason.contains("RMS"))
  }

  @Test("Within a tile the largest bound holds for all, beyond it does not")
  func tiles() {
    var want = reference()
    want.bounds[0] = 1e-5
    for (index, isRight) in [(1, true), (5, true), (2, false), (8, false)] {
      var values = [Float](repeating: 1, count: shape.count)
      values[index] = 1 + 0x1p-17
      let verdict = Judge.judge(
        layer: values, kind: .convolution, against: want, amplification: 1, tile: 2)
      #expect((verdict.status == .ok) == isRight, "\(index)")
    }
  }

  @Test("An exact result is right where the bound is 0")
  func exact() {
    #expect(judge([Float](repeating: 1, count: shape.count), reference(bound: 0)).status == .ok)
    #expect(judge([Float](repeating: 2, count: shape.count), reference(bound: 0)).status == .failed)
  }

  @Test("Outputs that are not finite fail", arguments: [Float.nan, .infinity])
  func notFinite(value: Float) {
    var values = [Float](repeating: 1, count: shape.count)
    values[23] = value
    let verdict = judge(values, reference())
    #expect(verdict.status == .failed)
    #expect(verdict.reason.contains("not finite"))
  }

  @Test("Zeros fail where the reference has none, and are mistrusted where it has them too")
  func zeros() {
    let zeros = [Float](repeating: 0, count: shape.count)
    #expect(judge(zeros, reference()).status == .failed)
    #expect(judge(zeros, reference(0)).status == .mistrusted)
  }

  @Test("A wrong number of outputs fails")
  func count() {
    #expect(judge([1], reference()).status == .failed)
  }

  @Test("A net is judged at every blob; the final inner product is what is recorded")
  func net() throws {
    let network = try #require(NetworkCatalog.network(named: "caffenet-mini"))
    let graph = try network.graph(batch: 1)
    let reference = graph.values.map { value in
      (0..<value.shape.count).map { Double($0 % 7) + 1 }
    }
    var blobs = graph.values.indices.filter { graph.values[$0].producer != nil }.map { value in
      BlobValues(
        value: value, blob: graph.values[value].blob, values: reference[value].map { Float($0) })
    }
    #expect(Judge.judge(net: blobs, graph: graph, against: reference).status == .ok)

    let fc8 = try #require(blobs.firstIndex { $0.blob == "fc8" })
    blobs[fc8].values[0] += 0x1p-20
    let close = Judge.judge(net: blobs, graph: graph, against: reference)
    #expect(close.status == .ok)
    #expect(close.check.maxAbsError == 0x1p-20)
    #expect(close.check.errorBound == Precision.single.errorLimit)

    let pool2 = try #require(blobs.firstIndex { $0.blob == "pool2" })
    for index in blobs[pool2].values.indices { blobs[pool2].values[index] *= 1.001 }
    let wrong = Judge.judge(net: blobs, graph: graph, against: reference)
    #expect(wrong.status == .failed)
    #expect(wrong.reason.contains("'pool2'"))
  }
}
