import Networks
import Reference
import Tensors
import Testing

@Suite("Reference convolution")
struct ConvolutionTests {
  @Test("cross-correlates and adds the bias")
  func basic() throws {
    // 1 2 3 / 4 5 6 / 7 8 9 with 1 2 / 3 4.
    let layer = try SingleLayer(
      .convolution(ConvolutionSpec(outputs: 1, kernel: Extent(2))), input: Shape([1, 1, 3, 3]))
    let result = layer.forward(counting(9), weight: counting(4), bias: [100])
    #expect(result.shape == Shape([1, 1, 2, 2]))
    #expect(result.values == [137, 147, 167, 177])
    // 4 products and a bias: (4 + 2) · 2⁻²⁴ · Σ|w||x| + |bias|.
    #expect(result.bounds == result.values.map { $0 * 6 * 0x1p-24 })
  }

  @Test("the bound sums magnitudes where the value cancels")
  func cancellation() throws {
    let layer = try SingleLayer(
      .convolution(ConvolutionSpec(outputs: 1, kernel: Extent(h: 1, w: 2))),
      input: Shape([1, 1, 1, 2]))
    let result = layer.forward([3, -3], weight: [2, 2], bias: [-1])
    #expect(result.values == [-1])
    let bound = 13 * 4 * 0x1p-24
    #expect(result.bounds == [bound])
  }

  @Test("padding, stride and dilation, unequal on the axes")
  func geometry() throws {
    let spec = ConvolutionSpec(
      outputs: 1, kernel: Extent(h: 2, w: 1), stride: Extent(h: 2, w: 1), pad: Extent(h: 1, w: 0),
      dilation: Extent(h: 2, w: 1), hasBias: false)
    let layer = try SingleLayer(.convolution(spec), input: Shape([1, 1, 3, 2]))
    // Rows 1 2 / 3 4 / 5 6 between rows of zeros; output rows start at −1 and 1, taps two rows apart.
    let result = layer.forward(counting(6), weight: [10, 1])
    #expect(result.shape == Shape([1, 1, 2, 2]))
    #expect(result.values == [3, 4, 30, 40])
  }

  @Test("groups read their own channels only")
  func groups() throws {
    let spec = ConvolutionSpec(outputs: 4, kernel: .one, groups: 2, hasBias: false)
    let layer = try SingleLayer(.convolution(spec), input: Shape([1, 4, 1, 1]))
    let result = layer.forward([1, 10, 100, 1000], weight: [1, 0, 0, 1, 1, 1, 2, 0])
    #expect(result.values == [1, 10, 1100, 200])
  }

  @Test("images can be picked, in any order")
  func images() throws {
    let spec = ConvolutionSpec(outputs: 2, kernel: Extent(3), pad: Extent(1))
    let layer = try SingleLayer(.convolution(spec), input: Shape([4, 2, 5, 6]))
    let input = random(layer.inputCount, "input")
    let weight = random(36, "weight")
    let all = layer.forward(input, weight: weight, bias: [0.5, -0.5])
    let some = layer.forward(input, weight: weight, bias: [0.5, -0.5], images: [3, 1])
    #expect(some.shape == Shape([2, 2, 5, 6]))
    for (n, image) in [3, 1].enumerated() {
      let (got, want) = (n * 60..<n * 60 + 60, image * 60..<image * 60 + 60)
      #expect(some.values[got] == all.values[want])
      #expect(some.bounds[got] == all.bounds[want])
    }
  }
}

@Suite("Reference inner product")
struct InnerProductTests {
  @Test("flattens from its axis on")
  func axis() throws {
    let layer = try SingleLayer(
      .innerProduct(InnerProductSpec(outputs: 2, axis: 2)), input: Shape([1, 2, 3, 1]))
    let result = layer.forward(counting(6), weight: [1, 1, 1, 1, 0, -1], bias: [10, 20])
    #expect(result.shape == Shape([1, 2, 2]))
    #expect(result.values == [16, 18, 25, 18])
    let magnitudes: [Double] = [16, 24, 25, 30]
    #expect(result.bounds == magnitudes.map { $0 * 5 * 0x1p-24 })
  }

  @Test("an axis of 0 mixes images and is computed whole")
  func axisZero() throws {
    let layer = try SingleLayer(
      .innerProduct(InnerProductSpec(outputs: 1, hasBias: false, axis: 0)), input: Shape([2, 2]))
    let result = layer.forward([1, 2, 3, 4], weight: [1, 1, 1, 1], images: [0])
    #expect(result.shape == Shape([1]))
    #expect(result.values == [10])
  }
}
