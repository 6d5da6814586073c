import Tensors

/// LeNet as BVLC Caffe has it (`examples/mnist/lenet.prototxt`): after LeCun, Bottou, Bengio, Haffner,
/// "Gradient-based learning applied to document recognition" (1998), with maxima and a ReLU.
func makeLeNet() -> Network {
  var chain = LayerChain(from: "data")
  chain.convolution("conv1", 20, kernel: 5)
  chain.pool("pool1", kernel: 2, stride: 2)
  chain.convolution("conv2", 50, kernel: 5)
  chain.pool("pool2", kernel: 2, stride: 2)
  chain.innerProduct("ip1", 500)
  chain.relu("relu1")
  chain.innerProduct("ip2", 10)
  chain.add("prob", .softmax(SoftmaxSpec()))
  let input = Network.Input(blob: "data", shape: Shape(n: 64, c: 1, h: 28, w: 28))
  return Network(name: "lenet", inputs: [input], layers: chain.layers)
}
