import Tensors

/// Outputs of the convolutions of one inception module.
private typealias InceptionWidths = (
  one: Int, threeReduce: Int, three: Int, fiveReduce: Int, five: Int, pool: Int
)

/// Szegedy et al., "Going deeper with convolutions" (2014), table 1, as `bvlc_googlenet` has it, with
/// the head for inference only.
func makeGoogLeNet() -> Network {
  var chain = LayerChain(from: "data")
  chain.convolution("conv1/7x7_s2", 64, kernel: 7, stride: 2, pad: 3)
  chain.relu("conv1/relu_7x7")
  chain.pool("pool1/3x3_s2", kernel: 3, stride: 2)
  let norm = LayerSpec.lrn(LRNSpec(size: 5, alpha: 0.0001, beta: 0.75))
  chain.add("pool1/norm1", norm)
  chain.convolution("conv2/3x3_reduce", 64, kernel: 1)
  chain.relu("conv2/relu_3x3_reduce")
  chain.convolution("conv2/3x3", 192, kernel: 3, pad: 1)
  chain.relu("conv2/relu_3x3")
  chain.add("conv2/norm2", norm)
  chain.pool("pool2/3x3_s2", kernel: 3, stride: 2)
  chain.inception("3a", (64, 96, 128, 16, 32, 32))
  chain.inception("3b", (128, 128, 192, 32, 96, 64))
  chain.pool("pool3/3x3_s2", kernel: 3, stride: 2)
  chain.inception("4a", (192, 96, 208, 16, 48, 64))
  chain.inception("4b", (160, 112, 224, 24, 64, 64))
  chain.inception("4c", (128, 128, 256, 24, 64, 64))
  chain.inception("4d", (112, 144, 288, 32, 64, 64))
  chain.inception("4e", (256, 160, 320, 32, 128, 128))
  chain.pool("pool4/3x3_s2", kernel: 3, stride: 2)
  chain.inception("5a", (256, 160, 320, 32, 128, 128))
  chain.inception("5b", (384, 192, 384, 48, 128, 128))
  chain.pool("pool5/7x7_s1", .average, kernel: 7, stride: 1)
  chain.add("pool5/drop_7x7_s1", .dropout(DropoutSpec(ratio: 0.4)), inPlace: true)
  chain.innerProduct("loss3/classifier", 1000)
  chain.add("prob", .softmax(SoftmaxSpec()))
  let input = Network.Input(blob: "data", shape: Shape(n: 10, c: 3, h: 224, w: 224))
  return Network(name: "googlenet", inputs: [input], layers: chain.layers)
}

extension LayerChain {
  /// Four branches side by side: 1×1; 3×3 and 5×5 behind 1×1s that reduce the channels; a maximum with
  /// a 1×1. Their outputs are joined.
  fileprivate mutating func inception(_ module: String, _ widths: InceptionWidths) {
    let input = blob
    let prefix = "inception_\(module)"
    var outputs: [String] = []

    /// A convolution with its ReLU.
    func add(_ name: String, _ count: Int, kernel: Int = 1) {
      convolution("\(prefix)/\(name)", count, kernel: kernel, pad: kernel / 2)
      relu("\(prefix)/relu_\(name)")
    }
    func endBranch() {
      outputs.append(blob)
      blob = input
    }
    add("1x1", widths.one)
    endBranch()
    add("3x3_reduce", widths.threeReduce)
    add("3x3", widths.three, kernel: 3)
    endBranch()
    add("5x5_reduce", widths.fiveReduce)
    add("5x5", widths.five, kernel: 5)
    endBranch()
    pool("\(prefix)/pool", kernel: 3, stride: 1, pad: 1)
    add("pool_proj", widths.pool)
    endBranch()
    concat("\(prefix)/output", outputs)
  }
}
