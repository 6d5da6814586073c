import Tensors

/// Every kind of layer in one small net, for tests: branches that are joined again, several inputs,
/// both losses and an accuracy, shapes that no kernel was made for.
func makeLayersMini() -> Network {
  func layer(
    _ name: String, _ spec: LayerSpec, _ bottoms: [String], _ tops: [String]? = nil
  ) -> Layer {
    Layer(name: name, spec: spec, bottoms: bottoms, tops: tops ?? [name])
  }
  func convolution(_ outputs: Int, _ kernel: Int) -> LayerSpec {
    .convolution(
      ConvolutionSpec(outputs: outputs, kernel: Extent(kernel), pad: Extent(kernel / 2)))
  }
  let dilated = ConvolutionSpec(
    outputs: 10, kernel: Extent(h: 3, w: 2), stride: Extent(h: 1, w: 2), pad: Extent(h: 2, w: 1),
    dilation: Extent(2), groups: 5)
  let maximum = PoolingSpec(method: .max, kernel: Extent(3), stride: Extent(2))
  let within = LRNSpec(size: 3, alpha: 0.5, region: .withinChannel)
  return Network(
    name: "layers-mini",
    inputs: [
      Network.Input(blob: "data", shape: Shape([3, 5, 13, 11])),
      Network.Input(blob: "label", shape: Shape([3])),
      Network.Input(blob: "target", shape: Shape([3, 6])),
    ],
    layers: [
      layer("in/3x3", convolution(16, 3), ["data"]),
      layer("in/relu", .relu(ReLUSpec()), ["in/3x3"], ["in/3x3"]),
      layer("in/norm", .lrn(LRNSpec(size: 5, alpha: 0.1)), ["in/3x3"]),
      layer("a", convolution(16, 1), ["in/norm"]),
      layer("b", convolution(32, 3), ["in/norm"]),
      layer("b/relu", .relu(ReLUSpec()), ["b"], ["b"]),
      layer("c", convolution(7, 5), ["in/norm"]),
      layer("blocks", .concat(ConcatSpec()), ["a", "b", "c"]),
      layer("mixed", .concat(ConcatSpec()), ["c", "a"]),
      layer("d", convolution(55, 1), ["mixed"]),
      layer("sum", .eltwise(EltwiseSpec(coefficients: [1, -0.5])), ["blocks", "d"]),
      layer("pool", .pooling(maximum), ["sum"], ["pool", "mask"]),
      layer("within", .lrn(within), ["pool"]),
      layer("tanh", .tanh, ["within"]),
      layer("e", .convolution(dilated), ["tanh"]),
      layer("leaky", .relu(ReLUSpec(negativeSlope: 0.1)), ["e"]),
      layer("flat", .flatten(FlattenSpec()), ["leaky"]),
      layer("fc", .innerProduct(InnerProductSpec(outputs: 6, isTransposed: true)), ["flat"]),
      layer("power", .power(PowerSpec(power: 2, scale: 0.5, shift: 1)), ["fc"]),
      layer("gate", .sigmoid, ["power"]),
      layer("largest", .eltwise(EltwiseSpec(operation: .maximum)), ["gate", "fc", "power"]),
      layer("drop", .dropout(DropoutSpec()), ["fc"], ["dropped"]),
      layer("prob", .softmax(SoftmaxSpec(axis: -1)), ["dropped"]),
      layer(
        "average", .pooling(PoolingSpec(method: .average, kernel: .one, isGlobal: true)), ["e"]),
      layer("pixels", .softmax(SoftmaxSpec()), ["tanh"]),
      layer(
        "loss", .softmaxWithLoss(SoftmaxWithLossSpec()), ["dropped", "label"], ["loss", "share"]),
      layer("accuracy", .accuracy(AccuracySpec(topK: 2)), ["fc", "label"]),
      layer("distance", .euclideanLoss(EuclideanLossSpec()), ["gate", "target"]),
    ])
}
