import Foundation
import Networks
import Reference
import Tensors
import Testing

@Suite("Reference LRN")
struct LRNTests {
  @Test("across channels the window is clipped, its divisor is not")
  func acrossChannels() throws {
    let spec = LRNSpec(size: 3, alpha: 3, beta: 1, k: 2)
    let layer = try SingleLayer(.lrn(spec), input: Shape([1, 4, 1, 1]))
    let result = layer.forward([1, 2, 3, 4])
    // x ∕ (2 + Σ x²)
    let want: [Double] = [1.0 / 7, 2.0 / 16, 3.0 / 31, 4.0 / 27]
    #expect(result.values == want)
  }

  @Test("within a channel k is 1, whatever it says, and n is the area")
  func withinChannel() throws {
    let spec = LRNSpec(size: 3, alpha: 9, beta: 1, k: 5, region: .withinChannel)
    let layer = try SingleLayer(.lrn(spec), input: Shape([1, 1, 3, 3]))
    let result = layer.forward(counting(9))
    // Corner: 1 + 4 + 16 + 25; centre: all of 1² … 9².
    let corners: (first: Double, last: Double) = (1.0 / 47, 9.0 / 207)
    #expect(result.values[0] == corners.first)
    #expect(result.values[4] == 5.0 / 286)
    #expect(result.values[8] == corners.last)
  }

  @Test("a power of the default β")
  func defaultBeta() throws {
    let layer = try SingleLayer(.lrn(LRNSpec(size: 1, alpha: 15)), input: Shape([1, 1, 1, 1]))
    let result = layer.forward([1])
    #expect(abs(result.values[0] - 1.0 / 8) < 1e-15)  // 16^−3∕4
  }

  @Test("the bound is tight enough to notice a neighbour left out, at AlexNet's α")
  func tightness() throws {
    let spec = LRNSpec(size: 5, alpha: 0.0001)
    let layer = try SingleLayer(.lrn(spec), input: Shape([1, 96, 1, 1]))
    let input = random(96, "lrn").map { abs($0) + 0.5 }
    let want = layer.forward(input)
    for c in 2..<94 {
      let seen = input[(c - 1)...(c + 2)].map(Double.init)  // without c − 2
      let sum = seen.reduce(0) { $0 + $1 * $1 }
      let wrong = Double(input[c]) * pow(1 + 0.0001 / 5 * sum, -0.75)
      let error = abs(wrong - want.values[c])
      #expect(error > want.bounds[c])
    }
  }
}

@Suite("Reference softmax")
struct SoftmaxTests {
  @Test("sums to one along its axis only")
  func axis() throws {
    let layer = try SingleLayer(.softmax(SoftmaxSpec(axis: 1)), input: Shape([2, 3, 2, 1]))
    let result = layer.forward(random(12, "softmax"))
    for (n, h) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
      let sum = (0..<3).reduce(0.0) { $0 + result.values[(n * 3 + $1) * 2 + h] }
      #expect(abs(sum - 1) < 1e-15)
    }
  }

  @Test("equal values share equally, large ones do not overflow")
  func large() throws {
    let layer = try SingleLayer(.softmax(SoftmaxSpec()), input: Shape([1, 4]))
    #expect(layer.forward([900, 900, 900, 900]).values == [0.25, 0.25, 0.25, 0.25])
    let result = layer.forward([1000, 0, -1000, 1000])
    #expect(result.values[0] == 0.5 && result.values[3] == 0.5)
    // What underflows in float32 may be zero there.
    #expect(result.values[2] <= result.bounds[2])
  }
}

@Suite("Reference ReLU and dropout")
struct ElementwiseTests {
  @Test("ReLU keeps what is positive and scales what is not")
  func relu() throws {
    let input: [Float] = [-2, -0.5, 0, 3]
    let plain = try SingleLayer(.relu(ReLUSpec()), input: Shape([1, 4]))
    #expect(plain.forward(input).values == [0, 0, 0, 3])
    #expect(plain.forward(input).bounds == [0, 0, 0, 0])
    let leaky = try SingleLayer(.relu(ReLUSpec(negativeSlope: 0.25)), input: Shape([1, 4]))
    #expect(leaky.forward(input).values == [-0.5, -0.125, 0, 3])
    #expect(leaky.forward(input).bounds == [0x1p-25, 0x1p-27, 0, 0])
  }

  @Test("dropout is the identity")
  func dropout() throws {
    let layer = try SingleLayer(.dropout(DropoutSpec()), input: Shape([2, 2]))
    #expect(layer.forward([1, 2, 3, 4]).values == [1, 2, 3, 4])
  }
}
