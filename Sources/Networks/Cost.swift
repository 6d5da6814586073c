import Tensors

/// What a layer costs, from geometry alone.
public struct Cost: Hashable, Sendable {
  /// Multiply-adds of the direct algorithm, padding counted as if it were multiplied, which is how
  /// the literature counts AlexNet's 724 M.
  public var multiplyAdds: Int
  /// 2 · ``multiplyAdds`` for convolution and inner product; operations per output for the rest.
  public var flops: Int
  /// Weights and biases.
  public var parameters: Int
  public var inputBytes: Int
  public var outputBytes: Int
  public var weightBytes: Int
  /// The least a layer moves: each input, weight and output once.
  public var bytes: Int { inputBytes + outputBytes + weightBytes }

  public static let zero = Cost(
    multiplyAdds: 0, flops: 0, parameters: 0, inputBytes: 0, outputBytes: 0, weightBytes: 0)

  public static func + (a: Cost, b: Cost) -> Cost {
    Cost(
      multiplyAdds: a.multiplyAdds + b.multiplyAdds, flops: a.flops + b.flops,
      parameters: a.parameters + b.parameters, inputBytes: a.inputBytes + b.inputBytes,
      outputBytes: a.outputBytes + b.outputBytes, weightBytes: a.weightBytes + b.weightBytes)
  }
}

extension Graph {
  /// The cost of one node.
  public func cost(of node: Node) -> Cost {
    var cost = Cost.zero
    cost.inputBytes = node.inputs.reduce(0) { $0 + values[$1].shape.byteCount }
    cost.outputBytes = node.outputs.reduce(0) { $0 + values[$1].shape.byteCount }
    if let shapes = weightShapes(of: node) {
      cost.parameters = shapes.weight.count + (shapes.bias?.count ?? 0)
      cost.weightBytes = cost.parameters * MemoryLayout<Float>.stride
      cost.multiplyAdds = outputShape(of: node).count * productsPerOutput(of: node)
      cost.flops = 2 * cost.multiplyAdds
    } else {
      // Backward passes over the same windows.
      cost.flops = node.layer.spec.definition.flops(
        bottoms: node.forward?.bottoms ?? node.inputs.map { values[$0].shape },
        tops: node.forward?.tops ?? node.outputs.map { values[$0].shape })
    }
    // The gradient of the weights does not depend on them.
    if node.direction == .backwardWeights { cost.weightBytes = 0 }
    return cost
  }

  /// The cost of the whole graph; `inputBytes` and `outputBytes` are those of the network itself.
  public var totalCost: Cost {
    var total = nodes.reduce(Cost.zero) { $0 + cost(of: $1) }
    total.inputBytes = inputs.reduce(0) { $0 + values[$1].shape.byteCount }
    total.outputBytes = outputs.reduce(0) { $0 + values[$1].shape.byteCount }
    return total
  }
}
