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

  /// An input of a whole graph: labels where a loss or an accuracy reads them, an image otherwise.
  public static func input(seed: UInt64, of value: Graph.ValueID, in graph: Graph) -> Tensor {
    let (blob, shape) = (graph.values[value].blob, graph.values[value].shape)
    guard let classes = graph.labelClassCount(of: value) else {
      return image(seed: seed, blob: blob, shape: shape)
    }
    return labels(seed: seed, blob: blob, shape: shape, classCount: classes)
  }

  /// An operand of a layer measured alone: about half zeros, as after a ReLU, when the layer reads
  /// what another one wrote; uniform otherwise and for layers that both signs matter to; labels where
  /// it reads labels.
  /// - Parameter position: of the operand among the layer's inputs.
  public static func operand(
    seed: UInt64, of node: Graph.Node, position: Int = 0, in graph: Graph
  ) -> Tensor {
    let value = node.inputs[position]
    let shape = graph.values[value].shape
    // The first operand has the stream that it had when there was only one.
    let name =
      node.layer.name + (node.direction == .forward ? "" : ".\(node.direction.rawValue)")
    let blob = position == 0 ? name : "\(name).\(position)"
    if let classes = graph.labelClassCount(of: value) {
      return labels(seed: seed, blob: blob, shape: shape, classCount: classes)
    }
    let tensor = image(seed: seed, blob: blob, shape: shape)
    // The gradient of a top has both signs.
    if node.direction != .forward, position == 0, node.layer.spec.weightInLoss == nil {
      return tensor
    }
    let isRectified =
      switch node.layer.spec.definition.operandSigns {
      case .asAfterReLU: node.layerIndex > 0
      case .both: false
      case .notNegative: true
      }
    if isRectified {
      for index in tensor.buffer.elements.indices {
        tensor.pointer[index] = Swift.max(tensor.pointer[index], 0)
      }
    }
    return tensor
  }

  /// Whole numbers in `0 ..< classCount`, as floats.
  static func labels(seed: UInt64, blob: String, shape: Shape, classCount: Int) -> Tensor {
    let tensor = Tensor(shape)
    let generator = CounterGenerator(seed: seed, stream: "labels.\(blob)")
    for index in tensor.buffer.elements.indices {
      tensor.pointer[index] = Float(Int(generator.bits(index) >> 33) % classCount)
    }
    return tensor
  }
}

extension Graph {
  /// The number of classes, if a layer reads the value as labels; nil otherwise.
  public func labelClassCount(of value: ValueID) -> Int? {
    for node in nodes where node.inputs.count == 2 && node.inputs[1] == value {
      if let axis = node.layer.spec.definition.labelAxis {
        return inputShape(of: node).dimensions[axis]
      }
    }
    return nil
  }
}
