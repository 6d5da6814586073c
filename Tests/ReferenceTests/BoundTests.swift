import Foundation
import Networks
import Reference
import Tensors
import Testing

@Suite("Error bounds of the reference")
struct BoundTests {
  /// Orders of summation in float32.
  enum Order: CaseIterable {
    case forward, backward, biasLast, pairs, positiveFirst

    func sum(_ products: [Float], bias: Float) -> Float {
      switch self {
      case .forward: products.reduce(bias, +)
      case .backward: products.reversed().reduce(bias, +)
      case .biasLast: products.reduce(0, +) + bias
      case .pairs: Self.pairwise(products[...]) + bias
      // Builds up the largest partial sums there are.
      case .positiveFirst: products.sorted(by: >).reduce(bias, +)
      }
    }

    private static func pairwise(_ values: ArraySlice<Float>) -> Float {
      if values.count <= 2 { return values.reduce(0, +) }
      let middle = values.startIndex + values.count / 2
      return pairwise(values[..<middle]) + pairwise(values[middle...])
    }
  }

  @Test("bound an inner product in any order of summation", arguments: Order.allCases)
  func innerProduct(order: Order) throws {
    for count in [1, 2, 7, 100, 9216] {
      let layer = try SingleLayer(
        .innerProduct(InnerProductSpec(outputs: 8)), input: Shape([1, count]))
      let input = random(count, "input \(count)")
      let weight = random(count * 8, "weight \(count)")
      let bias = random(8, "bias")
      let want = layer.forward(input, weight: weight, bias: bias)
      let got = (0..<8).map { k in
        order.sum((0..<count).map { weight[k * count + $0] * input[$0] }, bias: bias[k])
      }
      let norms = ErrorNorms(got: got, want: want.values, bound: want.bounds)
      #expect(try #require(norms.maxBoundRatio) <= 1)
    }
  }

  @Test("are exceeded when one product is left out")
  func leftOut() throws {
    let layer = try SingleLayer(
      .innerProduct(InnerProductSpec(outputs: 1, hasBias: false)), input: Shape([1, 100]))
    let input = counting(100)
    let weight = counting(100)
    let want = layer.forward(input, weight: weight)
    let got = (1..<100).reduce(Float(0)) { $0 + weight[$1] * input[$1] }
    let norms = ErrorNorms(got: [got], want: want.values, bound: want.bounds)
    #expect(try #require(norms.maxBoundRatio) <= 1, "1 of 338350 is within 102 roundings")
    let worse = (0..<50).reduce(Float(0)) { $0 + weight[$1] * input[$1] }
    let worseNorms = ErrorNorms(got: [worse], want: want.values, bound: want.bounds)
    #expect(try #require(worseNorms.maxBoundRatio) > 1000)
  }

  @Test("integer data gives exact values in float64 and float32 alike")
  func integers() throws {
    let layer = try SingleLayer(
      .innerProduct(InnerProductSpec(outputs: 4)), input: Shape([3, 500]))
    let input = randomIntegers(1500, limit: 8, "input")
    let weight = randomIntegers(2000, limit: 8, "weight")
    let want = layer.forward(input, weight: weight, bias: [1, -2, 3, -4])
    for m in 0..<3 {
      for k in 0..<4 {
        var sum: Float = [1, -2, 3, -4][k]
        for c in 0..<500 { sum += weight[k * 500 + c] * input[m * 500 + c] }
        #expect(Double(sum) == want.values[m * 4 + k])
      }
    }
  }

  /// Sums of squares as an implementation may form them.
  enum WindowSum: CaseIterable { case direct, sliding }

  @Test(
    "bound LRN whose sums are direct or slide along many channels", arguments: WindowSum.allCases)
  func lrn(method: WindowSum) throws {
    for (alpha, amplitude) in [(Float(0.0001), Float(1)), (1, 1), (0.0001, 300), (2, 50)] {
      for beta in [Float(0.75), 0.5, 1.3] {
        let spec = LRNSpec(size: 5, alpha: alpha, beta: beta)
        let layer = try SingleLayer(.lrn(spec), input: Shape([1, 256, 1, 1]))
        let x = random(256, "lrn \(amplitude)").map { $0 * amplitude }
        let want = layer.forward(x)
        var sliding = x[0] * x[0] + x[1] * x[1]
        let got = (0..<256).map { c in
          if c + 2 < 256 { sliding += x[c + 2] * x[c + 2] }
          if c >= 3 { sliding -= x[c - 3] * x[c - 3] }
          let direct = (max(c - 2, 0)...min(c + 2, 255)).reduce(Float(0)) { $0 + x[$1] * x[$1] }
          let scale = 1 + alpha / 5 * (method == .direct ? direct : sliding)
          return x[c] * pow(scale, -beta)
        }
        let norms = ErrorNorms(got: got, want: want.values, bound: want.bounds)
        #expect(try #require(norms.maxBoundRatio) <= 1)
      }
    }
  }

  @Test("bound softmax, underflow included", arguments: [Float(1), 20, 300])
  func softmax(amplitude: Float) throws {
    let layer = try SingleLayer(.softmax(SoftmaxSpec()), input: Shape([1, 1000]))
    let x = random(1000, "softmax").map { $0 * amplitude }
    let want = layer.forward(x)
    let maximum = try #require(x.max())
    // Flushed to zero below the normal numbers.
    let exponentials = x.map { $0 - maximum < -87.3 ? 0 : exp($0 - maximum) }
    let sum = exponentials.reduce(0, +)
    let norms = ErrorNorms(
      got: exponentials.map { $0 / sum }, want: want.values, bound: want.bounds)
    let ratio = try #require(norms.maxBoundRatio)
    #expect(ratio <= 1)
    #expect(ratio > 1e-3, "a bound this far away would notice nothing")
  }

  @Test("bound an average by sum and division, or by a rounded reciprocal")
  func average() throws {
    let spec = PoolingSpec(method: .average, kernel: Extent(7))
    let layer = try SingleLayer(.pooling(spec), input: Shape([1, 40, 7, 7]))
    let x = random(layer.inputCount, "average")
    let want = layer.forward(x)
    let sums = (0..<40).map { x[$0 * 49..<$0 * 49 + 49].reduce(0, +) }
    for got in [sums.map { $0 / 49 }, sums.map { $0 * (1 / 49) }] {
      let norms = ErrorNorms(got: got, want: want.values, bound: want.bounds)
      #expect(try #require(norms.maxBoundRatio) <= 1)
    }
  }
}
