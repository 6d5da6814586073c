import Networks
import Tensors

/// Layers far from AlexNet's: odd sizes, unequal sides, all combinations of parameters.
enum OddCases {
  /// A small stream of random choices.
  struct Choices {
    private let generator: CounterGenerator
    private var drawn = 0
    init(_ stream: String) { generator = CounterGenerator(seed: 11, stream: stream) }
    mutating func of<T>(_ values: [T]) -> T {
      drawn += 1
      return values[Int(generator.bits(drawn) >> 33) % values.count]
    }
    mutating func extent(_ values: [Int]) -> Extent { Extent(h: of(values), w: of(values)) }
  }

  static let convolutions: [LayerCase] =
    randomConvolutions + plainConvolutions + exactConvolutions + largeFilters

  private static let randomConvolutions: [LayerCase] = {
    var choices = Choices("convolutions")
    return (0..<48).map { index in
      let groups = choices.of([1, 1, 2, 3])
      let kernel = choices.extent([1, 2, 3, 3, 4, 5])
      let spec = ConvolutionSpec(
        outputs: groups * choices.of([1, 3, 5, 8, 17]), kernel: kernel,
        stride: choices.extent([1, 1, 2, 3]), pad: choices.extent([0, 1, 2, 4]),
        dilation: choices.extent([1, 1, 2]), groups: groups,
        hasBias: choices.of([true, true, false]))
      let reach = Extent(
        h: spec.dilation.h * (kernel.h - 1) + 1, w: spec.dilation.w * (kernel.w - 1) + 1)
      let shape = Shape(
        n: choices.of([1, 3]), c: groups * choices.of([1, 2, 3, 7, 16]),
        h: reach.h + choices.of([0, 1, 4, 9]), w: reach.w + choices.of([0, 2, 5, 13]))
      return LayerCase(name: "conv\(index)", spec: .convolution(spec), input: shape)
    }
  }()

  /// The geometries of AlexNet, 3×3 and 5×5 with stride 1 among them, with few and odd channels.
  private static let plainConvolutions: [LayerCase] = {
    let geometries: [(kernel: Int, stride: Int, pad: Int)] = [
      (11, 4, 0), (5, 1, 2), (3, 1, 1), (1, 1, 0), (7, 2, 3), (3, 1, 0),
    ]
    return geometries.flatMap { kernel, stride, pad in
      [(1, 3, 16, 1), (3, 8, 34, 2), (1, 5, 7, 1)].map { n, c, k, groups in
        let spec = ConvolutionSpec(
          outputs: k, kernel: Extent(kernel), stride: Extent(stride), pad: Extent(pad),
          groups: groups)
        return LayerCase(
          name: "conv\(kernel)s\(stride)p\(pad)g\(groups)", spec: .convolution(spec),
          input: Shape(n: n, c: c, h: 13, w: 15))
      }
    }
  }()

  /// Filters larger than the padded input by less than a stride.
  private static let largeFilters: [LayerCase] = {
    let cases:
      [(input: [Int], kernel: Extent, stride: Extent, pad: Int, dilation: Int, groups: Int)] =
        [
          ([2, 3, 9, 10], Extent(11), Extent(4), 0, 1, 1),
          ([1, 3, 9, 30], Extent(11), Extent(4), 0, 1, 1),
          ([1, 4, 30, 8], Extent(11), Extent(4), 0, 1, 1),
          ([2, 17, 1, 2], Extent(3), Extent(3), 0, 1, 1),
          ([1, 16, 2, 20], Extent(h: 4, w: 3), Extent(h: 3, w: 1), 0, 1, 1),
          ([1, 32, 2, 2], Extent(5), Extent(2), 1, 1, 2),
          ([2, 6, 4, 5], Extent(3), Extent(2), 0, 2, 3),
          ([3, 5, 1, 1], Extent(2), Extent(2), 0, 1, 1),
        ]
    return cases.enumerated().map { index, item in
      let spec = ConvolutionSpec(
        outputs: 6 * item.groups, kernel: item.kernel, stride: item.stride, pad: Extent(item.pad),
        dilation: Extent(item.dilation), groups: item.groups)
      return LayerCase(
        name: "large-filter\(index)", spec: .convolution(spec), input: Shape(item.input))
    }
  }()

  private static let exactConvolutions: [LayerCase] = (plainConvolutions + randomConvolutions[..<8])
    .map {
      var exact = $0
      exact.data = .integers
      return exact
    }

  static let innerProducts: [LayerCase] = {
    let shapes: [(Shape, axis: Int, outputs: Int)] = [
      (Shape([1, 1]), 1, 1), (Shape([1, 37]), 1, 5), (Shape([3, 64]), 1, 33),
      (Shape([1, 12, 5, 7]), 1, 40), (Shape([4, 16, 6, 6]), 1, 17), (Shape([2, 3, 4, 2]), 2, 4),
      (Shape([5, 100]), 1, 128), (Shape([10, 48]), 1, 96), (Shape([3, 2]), 0, 3),
    ]
    let cases = shapes.enumerated().map { index, item in
      let spec = InnerProductSpec(
        outputs: item.outputs, hasBias: index % 4 != 3, axis: item.axis,
        isTransposed: index % 3 == 2)
      return LayerCase(name: "fc\(index)", spec: .innerProduct(spec), input: item.0)
    }
    return cases
      + cases.map {
        var exact = $0
        exact.data = .integers
        return exact
      }
  }()

  static let poolings: [LayerCase] = {
    var cases: [LayerCase] = []
    let geometries: [(kernel: Extent, stride: Extent, pad: Extent)] = [
      (Extent(3), Extent(2), .zero), (Extent(3), Extent(2), Extent(1)),
      (Extent(3), .one, Extent(1)),
      (Extent(2), Extent(2), Extent(1)),
      (Extent(h: 3, w: 5), Extent(h: 2, w: 1), Extent(h: 1, w: 2)),
      (Extent(7), .one, .zero), (Extent(h: 1, w: 4), Extent(3), Extent(h: 0, w: 3)),
    ]
    for method in [PoolingSpec.Method.max, .average] {
      for (index, geometry) in geometries.enumerated() {
        for shape in [Shape([1, 3, 13, 13]), Shape([3, 17, 8, 10]), Shape([2, 16, 7, 9])] {
          let spec = PoolingSpec(
            method: method, kernel: geometry.kernel, stride: geometry.stride, pad: geometry.pad)
          cases.append(
            LayerCase(name: "pool\(index)-\(method.rawValue)", spec: .pooling(spec), input: shape))
        }
      }
      let global = PoolingSpec(method: method, kernel: .one, isGlobal: true)
      cases.append(
        LayerCase(
          name: "global-\(method.rawValue)", spec: .pooling(global), input: Shape([2, 5, 7, 6])))
    }
    for (index, geometry) in geometries.enumerated() {
      let spec = PoolingSpec(
        method: .max, kernel: geometry.kernel, stride: geometry.stride, pad: geometry.pad)
      cases.append(
        LayerCase(
          name: "mask\(index)", spec: .pooling(spec), inputs: [Shape([2, 3, 8, 10])], topCount: 2))
    }
    // Rounded down, and windows larger than their input.
    let windows: [(PoolingSpec, [Int])] = [
      (
        PoolingSpec(method: .max, kernel: Extent(3), stride: Extent(2), roundsDown: true),
        [2, 17, 6, 8]
      ),
      (
        PoolingSpec(
          method: .max, kernel: Extent(3), stride: Extent(3), pad: .one, roundsDown: true),
        [1, 5, 9, 7]
      ),
      (
        PoolingSpec(
          method: .max, kernel: Extent(h: 2, w: 4), stride: Extent(h: 5, w: 3),
          pad: Extent(h: 1, w: 0), roundsDown: true), [3, 16, 11, 12]
      ),
      (PoolingSpec(method: .max, kernel: Extent(2), stride: Extent(2)), [2, 4, 1, 1]),
      (PoolingSpec(method: .max, kernel: Extent(4), stride: Extent(3)), [1, 17, 2, 3]),
      (PoolingSpec(method: .max, kernel: Extent(4), stride: Extent(2), pad: .one), [1, 16, 1, 2]),
      (
        PoolingSpec(method: .max, kernel: Extent(7), stride: Extent(7), pad: Extent(2)),
        [2, 3, 1, 2]
      ),
      (
        PoolingSpec(method: .max, kernel: Extent(h: 3, w: 2), stride: Extent(h: 2, w: 1)),
        [1, 3, 2, 9]
      ),
    ]
    for (index, (spec, axes)) in windows.enumerated() {
      let shape = Shape(axes)
      for method in [PoolingSpec.Method.max, .average] {
        var spec = spec
        spec.method = method
        cases.append(
          LayerCase(name: "window\(index)-\(method.rawValue)", spec: .pooling(spec), input: shape))
      }
      cases.append(
        LayerCase(name: "window\(index)-mask", spec: .pooling(spec), inputs: [shape], topCount: 2))
    }
    // Windows of which the last are clipped to nothing.
    let sparse = PoolingSpec(method: .max, kernel: .one, stride: Extent(3))
    cases.append(
      LayerCase(name: "pool-empty", spec: .pooling(sparse), input: Shape([1, 3, 5, 6])))
    return cases
  }()

  static let normalizations: [LayerCase] = {
    let specs: [LRNSpec] = [
      LRNSpec(size: 5, alpha: 0.0001), LRNSpec(size: 5), LRNSpec(size: 3, alpha: 2, beta: 0.5),
      LRNSpec(size: 1, alpha: 0.5, k: 2), LRNSpec(size: 7, alpha: 0.3, beta: 1.25, k: 0.5),
      LRNSpec(size: 3, alpha: 0.7, region: .withinChannel),
      LRNSpec(size: 5, alpha: 1, beta: 0.6, k: 3, region: .withinChannel),
    ]
    return specs.enumerated().flatMap { index, spec in
      [Shape([1, 2, 5, 3]), Shape([3, 16, 6, 7]), Shape([1, 37, 27, 27])].map {
        LayerCase(name: "lrn\(index)", spec: .lrn(spec), input: $0)
      }
    }
  }()

  static let others: [LayerCase] = [
    LayerCase(name: "relu", spec: .relu(ReLUSpec()), input: Shape([3, 17, 5, 7])),
    LayerCase(name: "relu", spec: .relu(ReLUSpec()), input: Shape([1, 33])),
    LayerCase(
      name: "relu-slope", spec: .relu(ReLUSpec(negativeSlope: 0.1)), input: Shape([2, 5, 3, 3])),
    LayerCase(name: "dropout", spec: .dropout(DropoutSpec()), input: Shape([2, 19])),
    LayerCase(name: "softmax", spec: .softmax(SoftmaxSpec()), input: Shape([1, 1000])),
    LayerCase(name: "softmax", spec: .softmax(SoftmaxSpec()), input: Shape([10, 17])),
    LayerCase(name: "softmax", spec: .softmax(SoftmaxSpec()), input: Shape([2, 5, 3, 4])),
    LayerCase(name: "softmax2", spec: .softmax(SoftmaxSpec(axis: 2)), input: Shape([2, 5, 3, 4])),
    LayerCase(name: "softmax3", spec: .softmax(SoftmaxSpec(axis: -1)), input: Shape([2, 5, 3, 4])),
  ]

  static let all =
    convolutions + innerProducts + poolings + normalizations + others + combinations + elementwise
    + losses
}
