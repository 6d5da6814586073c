import Tensors

/// Widths that tell the full AlexNet from the small one of the tests.
struct AlexNetWidths {
  var convolutions: [Int]
  var innerProducts: [Int]

  static let full = AlexNetWidths(
    convolutions: [96, 256, 384, 384, 256], innerProducts: [4096, 4096, 1000])
  static let miniCaffeNet = AlexNetWidths(
    convolutions: [16, 32, 48, 48, 32], innerProducts: [128, 128, 100])
  static let miniAlexNet = AlexNetWidths(
    convolutions: [16, 32, 48, 48, 32], innerProducts: [96, 96, 100])
}

/// What follows the ReLU of the first two convolutions.
enum AlexNetOrder {
  /// Krizhevsky et al. (2012): norm, then pool; `bvlc_alexnet`.
  case normThenPool
  /// `bvlc_reference_caffenet`: pool, then norm, on a quarter of the pixels.
  case poolThenNorm
}

/// Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural
/// networks" (2012), section 3.5, in the single-tower form of BVLC Caffe's models.
func makeAlexNet(name: String, order: AlexNetOrder, widths: AlexNetWidths) -> Network {
  var layers: [Layer] = []
  var blob = "data"

  func add(_ name: String, _ spec: LayerSpec, inPlace: Bool = false) {
    let top = inPlace ? blob : name
    layers.append(Layer(name: name, spec: spec, bottoms: [blob], tops: [top]))
    blob = top
  }
  func pool(_ index: Int) {
    add("pool\(index)", .pooling(PoolingSpec(method: .max, kernel: Extent(3), stride: Extent(2))))
  }
  func norm(_ index: Int) {
    add("norm\(index)", .lrn(LRNSpec(size: 5, alpha: 0.0001, beta: 0.75)))
  }

  let geometry = [(11, 4, 0, 1), (5, 1, 2, 2), (3, 1, 1, 1), (3, 1, 1, 2), (3, 1, 1, 2)]
  for (index, (kernel, stride, pad, groups)) in geometry.enumerated() {
    let number = index + 1
    let spec = ConvolutionSpec(
      outputs: widths.convolutions[index], kernel: Extent(kernel), stride: Extent(stride),
      pad: Extent(pad), groups: groups)
    add("conv\(number)", .convolution(spec))
    add("relu\(number)", .relu(ReLUSpec()), inPlace: true)
    if number <= 2 {
      switch order {
      case .normThenPool:
        norm(number)
        pool(number)
      case .poolThenNorm:
        pool(number)
        norm(number)
      }
    }
  }
  pool(5)
  for (index, outputs) in widths.innerProducts.enumerated() {
    let number = index + 6
    add("fc\(number)", .innerProduct(InnerProductSpec(outputs: outputs)))
    if number < 8 {
      add("relu\(number)", .relu(ReLUSpec()), inPlace: true)
      add("drop\(number)", .dropout(DropoutSpec()), inPlace: true)
    }
  }
  add("prob", .softmax(SoftmaxSpec()))
  let input = Network.Input(blob: "data", shape: Shape(n: 10, c: 3, h: 227, w: 227))
  return Network(name: name, inputs: [input], layers: layers)
}
