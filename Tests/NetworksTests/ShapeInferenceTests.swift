import Networks
import Tensors
import Testing

@Suite("Shapes by Caffe's rules")
struct ShapeInferenceTests {
  @Test(
    "AlexNet's blobs at batch 10 have the shapes of Caffe's log",
    arguments: ["alexnet", "caffenet"])
  func alexNet(name: String) throws {
    let graph = try GraphTests.graph(name, batch: 10)
    let norm1 = name == "alexnet" ? "10x96x55x55" : "10x96x27x27"
    let norm2 = name == "alexnet" ? "10x256x27x27" : "10x256x13x13"
    let want = [
      "data": "10x3x227x227", "conv1": "10x96x55x55", "pool1": "10x96x27x27", "norm1": norm1,
      "conv2": "10x256x27x27", "pool2": "10x256x13x13", "norm2": norm2,
      "conv3": "10x384x13x13", "conv4": "10x384x13x13", "conv5": "10x256x13x13",
      "pool5": "10x256x6x6", "fc6": "10x4096", "fc7": "10x4096", "fc8": "10x1000",
      "prob": "10x1000",
    ]
    let got = Dictionary(
      graph.values.map { ($0.blob, "\($0.shape)") }, uniquingKeysWith: { first, _ in first })
    #expect(got == want)
  }

  private func shape(of spec: LayerSpec, from dimensions: [Int]) throws -> Shape {
    try Layer(name: "it", spec: spec, bottoms: ["x"], tops: ["y"])
      .outputShapes(of: [Shape(dimensions)])[0]
  }

  /// Sizes that Caffe itself gave; see Tests/Golden/layers.
  @Test(
    "Pooling rounds up and drops a last window that starts in the padding",
    arguments: [
      // input h, w; kernel, stride, pad; output h, w
      (6, 7, 3, 2, 0, 3, 3),  // 6 leaves a partial window
      (5, 5, 2, 2, 1, 3, 3),  // four windows, the last would start in the padding
      (6, 6, 3, 2, 1, 4, 4),
      (7, 5, 3, 2, 1, 4, 3),
      (5, 6, 1, 3, 0, 3, 3),  // kernel below stride: the last window of 5 is empty
      (55, 55, 3, 2, 0, 27, 27), (27, 27, 3, 2, 0, 13, 13), (13, 13, 3, 2, 0, 6, 6),
      (3, 3, 3, 2, 0, 1, 1), (6, 5, 3, 1, 1, 6, 5),
      // A window larger than the input by less than a stride.
      (1, 1, 2, 2, 0, 1, 1), (2, 3, 4, 3, 0, 1, 1), (1, 2, 4, 2, 1, 1, 1), (1, 1, 7, 7, 2, 1, 1),
    ])
  func pooling(h: Int, w: Int, kernel: Int, stride: Int, pad: Int, p: Int, q: Int) throws {
    let spec = PoolingSpec(
      method: .max, kernel: Extent(kernel), stride: Extent(stride), pad: Extent(pad))
    #expect(try shape(of: .pooling(spec), from: [2, 3, h, w]) == Shape([2, 3, p, q]))
  }

  @Test(
    "Pooling rounds down where asked for",
    arguments: [
      (6, 7, 3, 2, 0, 2, 3), (5, 5, 2, 2, 1, 3, 3), (6, 6, 3, 2, 1, 3, 3), (5, 6, 1, 3, 0, 2, 2),
      (55, 56, 3, 2, 0, 27, 27), (3, 4, 3, 2, 0, 1, 1), (6, 5, 3, 1, 1, 6, 5),
      // The clipped window of stride above kernel: it would start in the padding.
      (4, 4, 2, 5, 1, 1, 1), (5, 5, 2, 6, 1, 1, 1),
    ])
  func poolingRoundedDown(
    h: Int, w: Int, kernel: Int, stride: Int, pad: Int, p: Int, q: Int
  ) throws {
    let spec = PoolingSpec(
      method: .max, kernel: Extent(kernel), stride: Extent(stride), pad: Extent(pad),
      roundsDown: true)
    #expect(try shape(of: .pooling(spec), from: [2, 3, h, w]) == Shape([2, 3, p, q]))
  }

  @Test("Global pooling leaves one pixel")
  func globalPooling() throws {
    let spec = PoolingSpec(method: .average, kernel: Extent(1), isGlobal: true)
    #expect(try shape(of: .pooling(spec), from: [2, 3, 7, 6]) == Shape([2, 3, 1, 1]))
  }

  @Test(
    "Convolution rounds down; dilation widens the kernel",
    arguments: [
      (7, 6, 3, 2, 1, 1, 4, 3), (37, 35, 11, 4, 0, 1, 7, 7), (8, 9, 3, 1, 2, 2, 8, 9),
      (227, 227, 11, 4, 0, 1, 55, 55), (3, 3, 3, 1, 0, 1, 1, 1),
      // Caffe rounds towards zero.
      (2, 1, 3, 3, 0, 1, 1, 1), (8, 9, 11, 4, 0, 1, 1, 1),
    ])
  func convolution(
    h: Int, w: Int, kernel: Int, stride: Int, pad: Int, dilation: Int, p: Int, q: Int
  ) throws {
    let spec = ConvolutionSpec(
      outputs: 4, kernel: Extent(kernel), stride: Extent(stride), pad: Extent(pad),
      dilation: Extent(dilation), groups: 2)
    #expect(try shape(of: .convolution(spec), from: [2, 6, h, w]) == Shape([2, 4, p, q]))
  }

  @Test("An inner product flattens from its axis on")
  func innerProduct() throws {
    let spec = InnerProductSpec(outputs: 7)
    #expect(try shape(of: .innerProduct(spec), from: [3, 2, 3, 4]) == Shape([3, 7]))
    let later = InnerProductSpec(outputs: 4, axis: 2)
    #expect(try shape(of: .innerProduct(later), from: [2, 3, 4, 2]) == Shape([2, 3, 4]))
  }

  private func shapes(
    of spec: LayerSpec, from bottoms: [[Int]], topCount: Int = 1
  ) throws -> [Shape] {
    try Layer(
      name: "it", spec: spec, bottoms: bottoms.indices.map { "x\($0)" },
      tops: (0..<topCount).map { "y\($0)" }
    ).outputShapes(of: bottoms.map(Shape.init))
  }

  @Test("A maximum may have its mask as second top")
  func mask() throws {
    let pool = LayerSpec.pooling(PoolingSpec(method: .max, kernel: Extent(3), stride: Extent(2)))
    let want = Shape([1, 2, 3, 3])
    #expect(try shapes(of: pool, from: [[1, 2, 7, 7]], topCount: 2) == [want, want])
    let average = LayerSpec.pooling(PoolingSpec(method: .average, kernel: Extent(3)))
    #expect(throws: NetworkError.self) {
      try shapes(of: average, from: [[1, 2, 7, 7]], topCount: 2)
    }
  }

  @Test("A concatenation adds up one axis, which may count from the end")
  func concat() throws {
    let blobs = [[2, 3, 4, 5], [2, 1, 4, 5], [2, 2, 4, 5]]
    #expect(try shapes(of: .concat(ConcatSpec()), from: blobs) == [Shape([2, 6, 4, 5])])
    #expect(
      try shapes(of: .concat(ConcatSpec(axis: -3)), from: blobs) == [Shape([2, 6, 4, 5])])
    #expect(try shapes(of: .concat(ConcatSpec(axis: 0)), from: [[2], [5]]) == [Shape([7])])
    #expect(try shapes(of: .concat(ConcatSpec()), from: [[2, 3]]) == [Shape([2, 3])])
  }

  @Test(
    "Flattening joins the axes from one to another, both counted",
    arguments: [
      (1, -1, [2, 60]), (0, -1, [120]), (1, 2, [2, 12, 5]), (-2, -1, [2, 3, 20]),
      (2, 2, [2, 3, 4, 5]), (2, 1, [2, 3, 1, 4, 5]),
    ])
  func flatten(axis: Int, end: Int, want: [Int]) throws {
    let spec = FlattenSpec(axis: axis, endAxis: end)
    #expect(try shapes(of: .flatten(spec), from: [[2, 3, 4, 5]]) == [Shape(want)])
  }

  @Test("Losses and accuracies are scalars; second tops are the softmax and a share per class")
  func losses() throws {
    let loss = LayerSpec.softmaxWithLoss(SoftmaxWithLossSpec())
    let spatial = [[2, 5, 3, 4], [2, 1, 3, 4]]
    #expect(try shapes(of: loss, from: spatial) == [.scalar])
    #expect(try shapes(of: loss, from: spatial, topCount: 2) == [.scalar, Shape([2, 5, 3, 4])])
    let accuracy = LayerSpec.accuracy(AccuracySpec(topK: 5))
    #expect(try shapes(of: accuracy, from: [[2, 5], [2]], topCount: 2) == [.scalar, Shape([5])])
    let distance = LayerSpec.euclideanLoss(EuclideanLossSpec())
    #expect(try shapes(of: distance, from: [[4, 3], [4, 3, 1]]) == [.scalar])
  }

  @Test(
    "Blobs that do not fit together are refused",
    arguments: [
      (.concat(ConcatSpec()), [[2, 3, 4], [2, 3, 5]]),
      (.concat(ConcatSpec()), [[2, 3], [2, 3, 1]]),
      (.concat(ConcatSpec(axis: 2)), [[2, 3], [2, 3]]),
      (.eltwise(EltwiseSpec()), [[2, 3], [3, 2]]), (.eltwise(EltwiseSpec()), [[2, 3]]),
      (.eltwise(EltwiseSpec(coefficients: [1])), [[2], [2]]),
      (.eltwise(EltwiseSpec(operation: .product, coefficients: [1, 1])), [[2], [2]]),
      (.softmaxWithLoss(SoftmaxWithLossSpec()), [[2, 5], [3]]),
      (.softmaxWithLoss(SoftmaxWithLossSpec()), [[2, 5]]),
      (.softmaxWithLoss(SoftmaxWithLossSpec(axis: 2)), [[2, 5], [2]]),
      (.softmaxWithLoss(SoftmaxWithLossSpec()), [[2, 5, 3], [3, 2]]),
      (.accuracy(AccuracySpec(topK: 6)), [[2, 5], [2]]),
      (.accuracy(AccuracySpec(topK: 0)), [[2, 5], [2]]),
      (.accuracy(AccuracySpec()), [[2, 5], [4]]),
      (.euclideanLoss(EuclideanLossSpec()), [[2, 5], [5, 2]]),
      (.flatten(FlattenSpec(axis: 2, endAxis: 0)), [[2, 3, 4]]),
      (.flatten(FlattenSpec(endAxis: 3)), [[2, 3, 4]]), (.relu(ReLUSpec()), [[2], [2]]),
      (.lrn(LRNSpec()), [[2, 3, 4]]),
    ] as [(LayerSpec, [[Int]])])
  func refusesCombinations(spec: LayerSpec, bottoms: [[Int]]) throws {
    let error = try #require(throws: NetworkError.self) { try shapes(of: spec, from: bottoms) }
    guard case .unusableShape(layer: "it", let reason) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(!reason.isEmpty)
  }

  @Test(
    "Impossible layers are refused by name",
    arguments: [
      (.convolution(ConvolutionSpec(outputs: 4, kernel: Extent(9))), [1, 3, 8, 8]),
      (
        .convolution(ConvolutionSpec(outputs: 4, kernel: Extent(10), stride: Extent(2))),
        [1, 3, 8, 8]
      ),
      (.convolution(ConvolutionSpec(outputs: 4, kernel: Extent(3), groups: 2)), [1, 3, 8, 8]),
      (.convolution(ConvolutionSpec(outputs: 3, kernel: Extent(3), groups: 2)), [1, 4, 8, 8]),
      (.convolution(ConvolutionSpec(outputs: 4, kernel: Extent(3))), [3, 8]),
      (.convolution(ConvolutionSpec(outputs: 0, kernel: Extent(3))), [1, 3, 8, 8]),
      (
        .convolution(ConvolutionSpec(outputs: 4, kernel: Extent(3), stride: Extent(0))),
        [1, 3, 8, 8]
      ),
      (.pooling(PoolingSpec(method: .max, kernel: Extent(9))), [1, 3, 8, 8]),
      (.pooling(PoolingSpec(method: .max, kernel: Extent(10), stride: Extent(2))), [1, 3, 8, 8]),
      (
        .pooling(
          PoolingSpec(method: .max, kernel: Extent(9), stride: Extent(9), roundsDown: true)),
        [1, 3, 8, 8]
      ),
      (.pooling(PoolingSpec(method: .max, kernel: Extent(2), pad: Extent(2))), [1, 3, 8, 8]),
      (.pooling(PoolingSpec(method: .max, kernel: Extent(0))), [1, 3, 8, 8]),
      (.pooling(PoolingSpec(method: .max, kernel: Extent(2))), [3, 8]),
      (.innerProduct(InnerProductSpec(outputs: 4, axis: 2)), [3, 8]),
      (.innerProduct(InnerProductSpec(outputs: 0)), [3, 8]),
      (.softmax(SoftmaxSpec(axis: 2)), [3, 8]),
      (.lrn(LRNSpec(size: 4)), [1, 3, 8, 8]),
    ] as [(LayerSpec, [Int])])
  func refuses(spec: LayerSpec, input: [Int]) throws {
    let error = try #require(throws: NetworkError.self) { try shape(of: spec, from: input) }
    guard case .unusableShape(layer: "it", let reason) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(!reason.isEmpty)
  }
}
