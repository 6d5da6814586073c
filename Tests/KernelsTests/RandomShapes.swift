import Networks
import Tensors

/// A small seeded source of shapes; the same sequence everywhere.
struct ShapeGenerator {
  private let generator: CounterGenerator
  private var index = 0

  init(_ stream: String) { generator = CounterGenerator(seed: 20, stream: stream) }

  mutating func pick(_ range: ClosedRange<Int>) -> Int {
    index += 1
    return range.lowerBound + Int(generator.bits(index) >> 33) % range.count
  }

  mutating func pick<Element>(_ values: [Element]) -> Element {
    values[pick(0...(values.count - 1))]
  }
}

/// Random layers of at most 20 million multiply-adds.
enum RandomShapes {
  /// Any filter, stride, padding, dilation and grouping, ragged channels included.
  static func convolutions(count: Int, stream: String = "convolution") -> [LayerCase] {
    var shapes = ShapeGenerator(stream)
    var cases: [LayerCase] = []
    while cases.count < count {
      let groups = shapes.pick([1, 1, 1, 2, 3, 4])
      let spec = ConvolutionSpec(
        outputs: groups * shapes.pick(1...40),
        kernel: Extent(h: shapes.pick(1...11), w: shapes.pick(1...11)),
        stride: Extent(h: shapes.pick(1...4), w: shapes.pick(1...4)),
        pad: Extent(h: shapes.pick(0...5), w: shapes.pick(0...5)),
        dilation: Extent(shapes.pick([1, 1, 1, 2])), groups: groups,
        hasBias: shapes.pick(0...3) > 0)
      let input = Shape(
        n: shapes.pick([1, 1, 2, 3]), c: groups * shapes.pick(1...40), h: shapes.pick(1...64),
        w: shapes.pick(1...64))
      append(LayerCase(spec: .convolution(spec), input: input), to: &cases)
    }
    return cases
  }

  /// Few planes without padding, stride 4: what the planar kernel takes, with several output tiles.
  static func planar(count: Int) -> [LayerCase] {
    var shapes = ShapeGenerator("planar")
    var cases: [LayerCase] = []
    while cases.count < count {
      let spec = ConvolutionSpec(
        outputs: shapes.pick(1...100),
        kernel: Extent(h: shapes.pick(1...11), w: shapes.pick(1...11)),
        stride: Extent(h: shapes.pick(1...4), w: 4), hasBias: shapes.pick(0...3) > 0)
      let input = Shape(
        n: shapes.pick([1, 2, 3]), c: shapes.pick(1...4), h: shapes.pick(11...64),
        w: shapes.pick(11...64))
      append(LayerCase(spec: .convolution(spec), input: input), to: &cases)
    }
    return cases
  }

  /// Square filters with stride 4 and three or five taps per phase, as AlexNet's conv1.
  static func stridePhases(count: Int) -> [LayerCase] {
    var shapes = ShapeGenerator("stride phases")
    var cases: [LayerCase] = []
    while cases.count < count {
      let spec = ConvolutionSpec(
        outputs: shapes.pick(1...40), kernel: Extent(shapes.pick([9, 10, 11, 12, 17, 20])),
        stride: Extent(4), pad: Extent(shapes.pick(0...5)))
      let input = Shape(
        n: shapes.pick([1, 2, 3]), c: shapes.pick(1...5), h: shapes.pick(9...64),
        w: shapes.pick(9...64))
      append(LayerCase(spec: .convolution(spec), input: input), to: &cases)
    }
    return cases
  }

  /// Square 3×3 and 5×5 with stride 1 and whole channel blocks: what Winograd takes.
  static func winograd(count: Int) -> [LayerCase] {
    var shapes = ShapeGenerator("winograd")
    var cases: [LayerCase] = []
    while cases.count < count {
      let groups = shapes.pick([1, 1, 2, 3])
      let taps = shapes.pick([3, 5])
      let outputs = groups == 1 ? shapes.pick(1...80) : groups * 16 * shapes.pick(1...4)
      let spec = ConvolutionSpec(
        outputs: outputs, kernel: Extent(taps), pad: Extent(shapes.pick(0...3)), groups: groups)
      let input = Shape(
        n: shapes.pick([1, 2, 5]), c: groups * 16 * shapes.pick(1...4), h: shapes.pick(3...30),
        w: shapes.pick(3...30))
      append(LayerCase(spec: .convolution(spec), input: input), to: &cases)
    }
    return cases
  }

  static func innerProducts(count: Int, stream: String = "inner product") -> [LayerCase] {
    var shapes = ShapeGenerator(stream)
    return (0..<count).map { _ in
      let n = shapes.pick([1, 1, 2, 3, 10, 17])
      let input =
        shapes.pick(0...1) == 0
        ? Shape([n, shapes.pick(1...300)])
        : Shape(n: n, c: shapes.pick(1...64), h: shapes.pick(1...6), w: shapes.pick(1...6))
      let spec = InnerProductSpec(outputs: shapes.pick(1...200), hasBias: shapes.pick(0...3) > 0)
      return LayerCase(spec: .innerProduct(spec), input: input)
    } + depthBlockedProducts
  }

  /// More images than a register tile and more inputs than the second-level cache holds for all of them.
  private static let depthBlockedProducts = [
    LayerCase(spec: .innerProduct(InnerProductSpec(outputs: 70)), input: Shape([31, 9001])),
    LayerCase(
      spec: .innerProduct(InnerProductSpec(outputs: 33)), input: Shape(n: 16, c: 400, h: 5, w: 5)),
  ]

  static func poolings(count: Int) -> [LayerCase] {
    var shapes = ShapeGenerator("pooling")
    var cases: [LayerCase] = []
    while cases.count < count {
      let kernel = Extent(h: shapes.pick(1...5), w: shapes.pick(1...5))
      // Average pooling with gaps between its windows can meet an empty one, where Caffe divides
      // zero by zero.
      let method = shapes.pick([PoolingSpec.Method.max, .average])
      let stride = { (k: Int) in method == .max ? 4 : min(k, 4) }
      let spec = PoolingSpec(
        method: method, kernel: kernel,
        stride: Extent(
          h: shapes.pick(1...stride(kernel.h)), w: shapes.pick(1...stride(kernel.w))),
        pad: Extent(h: shapes.pick(0...(kernel.h - 1)), w: shapes.pick(0...(kernel.w - 1))),
        isGlobal: shapes.pick(0...9) == 0, roundsDown: shapes.pick(0...3) == 0)
      let input = Shape(
        n: shapes.pick(1...3), c: shapes.pick(1...64), h: shapes.pick(1...40),
        w: shapes.pick(1...40))
      append(LayerCase(spec: .pooling(spec), input: input), to: &cases)
    }
    return cases
  }

  static func normalizations(count: Int) -> [LayerCase] {
    var shapes = ShapeGenerator("normalization")
    return (0..<count).map { _ in
      let spec = LRNSpec(
        size: shapes.pick([1, 3, 5, 7]), alpha: shapes.pick([0.0001, 0.1, 1, 20]),
        beta: shapes.pick([0.75, 0.5, 1]), k: shapes.pick([1, 2]))
      return LayerCase(
        spec: .lrn(spec),
        input: Shape(
          n: shapes.pick(1...2), c: shapes.pick(1...64), h: shapes.pick(1...20),
          w: shapes.pick(1...20)))
    }
  }

  /// Keeps a case whose shapes fit and whose work is small enough to be judged quickly.
  private static func append(_ candidate: LayerCase, to cases: inout [LayerCase]) {
    let layer = Layer(name: "layer", spec: candidate.spec, bottoms: ["bottom"], tops: ["top"])
    let network = Network(
      name: "case", inputs: [.init(blob: "bottom", shape: candidate.input)], layers: [layer])
    guard let graph = try? network.graph(), graph.totalCost.multiplyAdds <= 20_000_000 else {
      return
    }
    cases.append(candidate)
  }
}
