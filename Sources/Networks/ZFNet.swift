import Tensors

/// Zeiler and Fergus, "Visualizing and understanding convolutional networks" (2013,
/// arXiv:1311.2901), figure 3: the single model, without groups.
///
/// The figure gives blobs of 110, 55, 26, 13 and 6 pixels for an image of 224; a padding of 1 in the
/// first convolution, none in the second and Caffe's pooling, which rounds up, give these. It does not
/// give the parameters of its contrast normalisation: they are AlexNet's here.
func makeZFNet() -> Network {
  var chain = LayerChain(from: "data")
  let norm = LayerSpec.lrn(LRNSpec(size: 5, alpha: 0.0001, beta: 0.75))
  chain.convolution("conv1", 96, kernel: 7, stride: 2, pad: 1)
  chain.relu("relu1")
  chain.pool("pool1", kernel: 3, stride: 2)
  chain.add("norm1", norm)
  chain.convolution("conv2", 256, kernel: 5, stride: 2)
  chain.relu("relu2")
  chain.pool("pool2", kernel: 3, stride: 2)
  chain.add("norm2", norm)
  for (number, outputs) in [(3, 384), (4, 384), (5, 256)] {
    chain.convolution("conv\(number)", outputs, kernel: 3, pad: 1)
    chain.relu("relu\(number)")
  }
  chain.pool("pool5", kernel: 3, stride: 2)
  for number in [6, 7] {
    chain.innerProduct("fc\(number)", 4096)
    chain.relu("relu\(number)")
    chain.add("drop\(number)", .dropout(DropoutSpec()), inPlace: true)
  }
  chain.innerProduct("fc8", 1000)
  chain.add("prob", .softmax(SoftmaxSpec()))
  let input = Network.Input(blob: "data", shape: Shape(n: 10, c: 3, h: 224, w: 224))
  return Network(name: "zfnet", inputs: [input], layers: chain.layers)
}
