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
  var chain = LayerChain(from: "data")

  func norm(_ index: Int) {
    chain.add("norm\(index)", .lrn(LRNSpec(size: 5, alpha: 0.0001, beta: 0.75)))
  }

  let geometry = [(11, 4, 0, 1), (5, 1, 2, 2), (3, 1, 1, 1), (3, 1, 1, 2), (3, 1, 1, 2)]
  for (index, (kernel, stride, pad, groups)) in geometry.enumerated() {
    let number = index + 1
    chain.convolution(
      "conv\(number)", widths.convolutions[index], kernel: kernel, stride: stride, pad: pad,
      groups: groups)
    chain.relu("relu\(number)")
    if number <= 2 {
      switch order {
      case .normThenPool:
        norm(number)
        chain.pool("pool\(number)", kernel: 3, stride: 2)
      case .poolThenNorm:
        chain.pool("pool\(number)", kernel: 3, stride: 2)
        norm(number)
      }
    }
  }
  chain.pool("pool5", kernel: 3, stride: 2)
  for (index, outputs) in widths.innerProducts.enumerated() {
    let number = index + 6
    chain.innerProduct("fc\(number)", outputs)
    if number < 8 {
      chain.relu("relu\(number)")
      chain.add("drop\(number)", .dropout(DropoutSpec()), inPlace: true)
    }
  }
  chain.add("prob", .softmax(SoftmaxSpec()))
  let input = Network.Input(blob: "data", shape: Shape(n: 10, c: 3, h: 227, w: 227))
  return Network(name: name, inputs: [input], layers: chain.layers)
}
