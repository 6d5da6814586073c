import Networks
import Tensors

/// The layers that join blobs, that work element by element, and that end in a number.
extension OddCases {
  static let combinations: [LayerCase] = randomConcats + eltwises + flattens

  private static let randomConcats: [LayerCase] = {
    var choices = Choices("concats")
    return (0..<24).map { index in
      let rank = choices.of([1, 2, 3, 4, 4, 4])
      let shape = (0..<rank).map { _ in choices.of([1, 2, 3, 5]) }
      let axis = choices.of(Array(0..<rank) + (rank > 1 ? [1, 1, 1 - rank] : []))
      // Whole channel blocks now and then.
      let extents = choices.of([[1, 2, 3, 7], [16, 32], [16, 5]])
      let inputs = (0..<choices.of([1, 2, 3, 4])).map { _ in
        var dimensions = shape
        dimensions[axis < 0 ? axis + rank : axis] = choices.of(extents)
        return Shape(dimensions)
      }
      return LayerCase(
        name: "concat\(index)", spec: .concat(ConcatSpec(axis: axis)), inputs: inputs)
    }
  }()

  private static let eltwises: [LayerCase] = {
    var cases: [LayerCase] = []
    for shape in [Shape([2, 3, 4]), Shape([1, 17, 5, 3]), Shape([7]), Shape([3, 32, 2, 2])] {
      for count in [2, 3, 5] {
        let inputs = [Shape](repeating: shape, count: count)
        for operation in EltwiseSpec.Operation.allCases {
          cases.append(
            LayerCase(
              name: "eltwise-\(operation.rawValue)",
              spec: .eltwise(EltwiseSpec(operation: operation)), inputs: inputs))
        }
        let factors: [Float] = [1, -0.5, 0.3, 2, -1.25]
        let spec = EltwiseSpec(coefficients: Array(factors.prefix(count)))
        cases.append(
          LayerCase(name: "eltwise-coefficients", spec: .eltwise(spec), inputs: inputs))
      }
    }
    for index in cases.indices where index % 4 < 3 && index < 12 {
      cases.append(cases[index])
      cases[cases.count - 1].data = .integers
    }
    return cases
  }()

  private static let flattens: [LayerCase] = [
    (1, -1, [2, 3, 4, 5]), (0, -1, [2, 3, 4]), (1, 2, [2, 17, 4, 5]), (-2, -1, [2, 3, 4, 5]),
    (2, 2, [2, 3, 4]), (0, 0, [5]),
  ].map { axis, end, shape in
    LayerCase(
      name: "flatten\(axis)to\(end)", spec: .flatten(FlattenSpec(axis: axis, endAxis: end)),
      input: Shape(shape))
  }

  static let elementwise: [LayerCase] = {
    let specs: [(String, LayerSpec)] = [
      ("sigmoid", .sigmoid), ("tanh", .tanh), ("power", .power(PowerSpec())),
      ("affine", .power(PowerSpec(scale: -0.7, shift: 0.3))),
      ("square", .power(PowerSpec(power: 2, scale: 1.5, shift: -0.2))),
      ("root", .power(PowerSpec(power: 0.5, scale: 2, shift: 0.1))),
      ("inverse", .power(PowerSpec(power: -1.5, scale: 1, shift: 1))),
      ("one", .power(PowerSpec(power: 0, scale: 2, shift: 3))),
      ("constant", .power(PowerSpec(power: 3, scale: 0, shift: 2))),
    ]
    return specs.flatMap { name, spec in
      [Shape([2, 3, 4, 5]), Shape([1, 17]), Shape([37])].map {
        LayerCase(name: name, spec: spec, input: $0)
      }
    }
  }()

  static let losses: [LayerCase] = {
    var cases: [LayerCase] = []
    let shapes: [(scores: [Int], labels: [Int], axis: Int)] = [
      ([6, 10], [6], 1), ([1, 3], [1, 1], 1), ([2, 5, 3, 4], [2, 1, 3, 4], 1),
      ([3, 4, 7], [3, 4], -1), ([5, 1000], [5], 1),
    ]
    for (scores, labels, axis) in shapes {
      let inputs = [Shape(scores), Shape(labels)]
      for normalization in LossNormalization.allCases {
        for ignored in [nil, 0, 2] as [Int?] {
          let spec = SoftmaxWithLossSpec(
            axis: axis, ignoredLabel: ignored, normalization: normalization)
          cases.append(
            LayerCase(
              name: "loss-\(normalization.rawValue)", spec: .softmaxWithLoss(spec), inputs: inputs,
              topCount: ignored == 2 ? 2 : 1))
        }
      }
      for topK in [1, 2, 3] {
        let spec = AccuracySpec(topK: topK, axis: axis, ignoredLabel: topK == 2 ? 1 : nil)
        cases.append(
          LayerCase(
            name: "accuracy-top\(topK)", spec: .accuracy(spec), inputs: inputs,
            topCount: topK == 3 ? 1 : 2))
      }
    }
    for shape in [Shape([4, 3]), Shape([1, 5, 3, 4]), Shape([7])] {
      cases.append(
        LayerCase(
          name: "euclidean", spec: .euclideanLoss(EuclideanLossSpec()), inputs: [shape, shape]))
    }
    return cases
  }()
}
