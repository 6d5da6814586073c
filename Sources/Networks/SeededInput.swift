import Tensors

/// The input blobs of a measurement: never zeros, which some processors multiply faster.
public enum SeededInput {
  /// A network input: uniform in (−1, 1), row-major.
  public static func image(seed: UInt64, blob: String, shape: Shape) -> Tensor {
    let tensor = Tensor(shape)
    CounterGenerator(seed: seed, stream: "input.\(blob)")
      .fill(tensor.buffer.elements, amplitude: 1)
    return tensor
  }

  /// The operand of a layer measured alone: about half zeros, as after a ReLU, when the layer reads
  /// what another one wrote; uniform otherwise and for ReLU itself, which needs both signs.
  public static func operand(seed: UInt64, of node: Graph.Node, shape: Shape) -> Tensor {
    let tensor = image(seed: seed, blob: node.layer.name, shape: shape)
    let isRectified =
      switch node.layer.spec.kind {
      case .relu, .softmax: false
      default: node.layerIndex > 0
      }
    if isRectified {
      for index in tensor.buffer.elements.indices {
        tensor.pointer[index] = Swift.max(tensor.pointer[index], 0)
      }
    }
    return tensor
  }
}
