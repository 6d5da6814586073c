/// Layers in the making, each reading what the one before wrote unless told otherwise.
struct LayerChain {
  private(set) var layers: [Layer] = []
  /// What the next layer reads.
  var blob: String

  init(from blob: String) { self.blob = blob }

  /// A layer whose top is named after it, or is the blob it reads.
  mutating func add(_ name: String, _ spec: LayerSpec, inPlace: Bool = false) {
    let top = inPlace ? blob : name
    layers.append(Layer(name: name, spec: spec, bottoms: [blob], tops: [top]))
    blob = top
  }

  mutating func convolution(
    _ name: String, _ outputs: Int, kernel: Int, stride: Int = 1, pad: Int = 0, groups: Int = 1
  ) {
    add(
      name,
      .convolution(
        ConvolutionSpec(
          outputs: outputs, kernel: Extent(kernel), stride: Extent(stride), pad: Extent(pad),
          groups: groups)))
  }

  mutating func relu(_ name: String) { add(name, .relu(ReLUSpec()), inPlace: true) }

  mutating func pool(
    _ name: String, _ method: PoolingSpec.Method = .max, kernel: Int, stride: Int, pad: Int = 0
  ) {
    add(
      name,
      .pooling(
        PoolingSpec(
          method: method, kernel: Extent(kernel), stride: Extent(stride), pad: Extent(pad))))
  }

  mutating func innerProduct(_ name: String, _ outputs: Int) {
    add(name, .innerProduct(InnerProductSpec(outputs: outputs)))
  }

  /// Several blobs joined along their channels.
  mutating func concat(_ name: String, _ blobs: [String]) {
    layers.append(Layer(name: name, spec: .concat(ConcatSpec()), bottoms: blobs, tops: [name]))
    blob = name
  }
}
