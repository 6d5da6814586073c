import Tensors

/// The small nets for CIFAR-10 of BVLC Caffe (`examples/cifar10`), after Krizhevsky's cuda-convnet.
enum CIFAR10 {
  /// `cifar10_quick.prototxt`.
  static func quick() -> Network {
    var chain = LayerChain(from: "data")
    firstLayers(&chain, isNormalized: false)
    chain.innerProduct("ip1", 64)
    chain.innerProduct("ip2", 10)
    return network("cifar10_quick", &chain)
  }

  /// `cifar10_full.prototxt`: normalised within each channel.
  static func full() -> Network {
    var chain = LayerChain(from: "data")
    firstLayers(&chain, isNormalized: true)
    chain.innerProduct("ip1", 10)
    return network("cifar10_full", &chain)
  }

  /// Three convolutions; the ReLU of the first follows its pooling.
  private static func firstLayers(_ chain: inout LayerChain, isNormalized: Bool) {
    func norm(_ name: String) {
      guard isNormalized else { return }
      chain.add(
        name, .lrn(LRNSpec(size: 3, alpha: 0.00005, beta: 0.75, region: .withinChannel)))
    }
    chain.convolution("conv1", 32, kernel: 5, pad: 2)
    chain.pool("pool1", kernel: 3, stride: 2)
    chain.relu("relu1")
    norm("norm1")
    chain.convolution("conv2", 32, kernel: 5, pad: 2)
    chain.relu("relu2")
    chain.pool("pool2", .average, kernel: 3, stride: 2)
    norm("norm2")
    chain.convolution("conv3", 64, kernel: 5, pad: 2)
    chain.relu("relu3")
    chain.pool("pool3", .average, kernel: 3, stride: 2)
  }

  private static func network(_ name: String, _ chain: inout LayerChain) -> Network {
    chain.add("prob", .softmax(SoftmaxSpec()))
    let input = Network.Input(blob: "data", shape: Shape(n: 1, c: 3, h: 32, w: 32))
    return Network(name: name, inputs: [input], layers: chain.layers)
  }
}
