import Tensors

extension Graph {
  /// The graph of one forward and backward pass: these nodes, then for each layer in reverse order
  /// the gradients of its parameters (`backward_weights`) and of its bottoms (`backward_data`).
  ///
  /// By Caffe's rules: losses start the chain with their weight; a bottom has a gradient only if there are
  /// parameters above it; what several layers read has the sum of their gradients, which a node of its
  /// own makes, as Caffe's split does. What backward reads of forward are operands of its nodes, so that
  /// memory is planned for them.
  ///
  /// The gradient of blob `x` is a value `x_diff` of its shape; one that layers overwrite in place has one for
  /// each of its versions. Those of a layer's weight and bias are `LAYER_param0_diff` and `LAYER_param1_diff`,
  /// in the shapes of ``weightShapes(of:)``.
  ///
  /// Operands of a `backward_weights` node: the gradient of the first top, the first bottom. Of a
  /// `backward_data` node: the gradient of the first top, unless the layer is a loss; the bottoms and the
  /// tops, where the kind of layer reads them.
  ///
  /// - Parameters:
  ///   - allGradients: also the gradients of the network's inputs.
  ///   - given: values whose gradients are inputs of the new graph, in that order, for a network without
  ///     a loss.
  /// - Throws: that there is nothing to start with.
  public func training(
    allGradients: Bool = false, given: [ValueID] = []
  ) throws(NetworkError) -> Graph {
    precondition(nodes.allSatisfy { $0.direction == .forward }, "a graph that goes forward only")
    var backward = BackwardNodes(self, allGradients: allGradients)
    for value in given { backward.give(value) }
    for node in nodes.indices.reversed() { backward.add(node) }
    for input in inputs { backward.finish(input) }
    guard backward.hasBegun else { throw .noLoss }
    return Graph(
      networkName: networkName, values: backward.values, nodes: nodes + backward.nodes,
      inputs: inputs + backward.inputs)
  }
}

extension Graph {
  /// The graph of a forward and a backward pass from its losses; of a network without one, from gradients
  /// of its outputs that are given.
  package func goingBackward(allGradients: Bool) throws(NetworkError) -> Graph {
    let hasLoss = nodes.contains { $0.layer.spec.weightInLoss != nil }
    return try training(allGradients: allGradients, given: hasLoss ? [] : outputs)
  }
}

/// The backward nodes of a graph, layer after layer from its end.
private struct BackwardNodes {
  private let graph: Graph
  private(set) var values: [Graph.Value]
  private(set) var nodes: [Graph.Node] = []
  private(set) var inputs: [Graph.ValueID] = []
  /// Whether a loss was met, or a gradient was given.
  private(set) var hasBegun = false
  /// Of each forward value, whether its gradient is of use.
  private let isWanted: [Bool]
  /// Gradients of a forward value, one from each layer that reads it.
  private var parts: [Graph.ValueID: [Graph.ValueID]] = [:]

  init(_ graph: Graph, allGradients: Bool) {
    self.graph = graph
    values = graph.values
    var isWanted = graph.values.map { _ in false }
    if allGradients { for input in graph.inputs { isWanted[input] = true } }
    for node in graph.nodes {
      let definition = node.layer.spec.definition
      guard definition.gradientReads != nil else { continue }
      let own = definition.weightedOutputs != nil
      let bottoms = node.inputs.prefix(definition.labelAxis == nil ? node.inputs.count : 1)
      if own || bottoms.contains(where: { isWanted[$0] }) {
        for output in node.outputs { isWanted[output] = true }
      }
    }
    self.isWanted = isWanted
  }

  mutating func give(_ value: Graph.ValueID) {
    let gradient = append(graph.values[value].blob + "_diff", graph.values[value].shape, by: nil)
    inputs.append(gradient)
    parts[value, default: []].append(gradient)
    hasBegun = true
  }

  mutating func add(_ index: Int) {
    let node = graph.nodes[index]
    let definition = node.layer.spec.definition
    guard let reads = definition.gradientReads else { return }
    let isLoss = definition.weightInLoss != nil
    let top = gradient(of: node.outputs[0], producer: node)
    guard isLoss || top != nil else { return }
    hasBegun = true
    var forward = Graph.ForwardShapes(
      bottoms: node.inputs.map { graph.values[$0].shape },
      tops: node.outputs.map { graph.values[$0].shape })
    func make(_ direction: Direction, _ operands: [Graph.ValueID]) -> Graph.Node {
      Graph.Node(
        layer: node.layer, direction: direction, layerIndex: node.layerIndex, stage: node.stage,
        inputs: operands, outputs: [], forward: forward)
    }
    if let top, let shapes = graph.weightShapes(of: node) {
      var weights = make(.backwardWeights, [top, node.inputs[0]])
      for (position, shape) in ([shapes.weight] + (shapes.bias.map { [$0] } ?? [])).enumerated() {
        weights.outputs.append(
          append(
            "\(node.layer.name)_param\(position)_diff", shape, by: graph.nodes.count + nodes.count))
      }
      nodes.append(weights)
    }
    // Labels have none.
    forward.targets = node.inputs.indices.filter { position in
      isWanted[node.inputs[position]] && (definition.labelAxis == nil || position == 0)
    }
    guard !forward.targets.isEmpty else { return }
    var data = make(
      .backwardData,
      (isLoss ? [] : [top].compactMap(\.self)) + (reads.bottoms ? node.inputs : [])
        + (reads.tops ? node.outputs : []))
    for position in forward.targets {
      let bottom = node.inputs[position]
      let gradient = append(
        graph.values[bottom].blob + "_diff", graph.values[bottom].shape,
        by: graph.nodes.count + nodes.count)
      data.outputs.append(gradient)
      parts[bottom, default: []].append(gradient)
    }
    nodes.append(data)
  }

  /// Sums up the gradient of one of the network's inputs.
  mutating func finish(_ input: Graph.ValueID) {
    guard let first = graph.nodes.first(where: { $0.inputs.contains(input) }) else { return }
    _ = gradient(of: input, producer: first)
  }

  /// The gradient of a value, all of whose readers have been added.
  private mutating func gradient(
    of value: Graph.ValueID, producer: Graph.Node
  ) -> Graph.ValueID? {
    guard let own = parts[value], let first = own.first else { return nil }
    if own.count == 1 { return first }
    let blob = graph.values[value].blob
    let shape = graph.values[value].shape
    let sum = append(blob + "_diff", shape, by: graph.nodes.count + nodes.count)
    nodes.append(
      Graph.Node(
        layer: Layer(
          name: blob + "_split", spec: .eltwise(EltwiseSpec()),
          bottoms: own.map { values[$0].blob }, tops: [blob + "_diff"]),
        layerIndex: producer.layerIndex, stage: producer.stage, inputs: own, outputs: [sum]))
    return sum
  }

  private mutating func append(_ blob: String, _ shape: Shape, by producer: Int?) -> Graph.ValueID {
    values.append(Graph.Value(blob: blob, shape: shape, producer: producer))
    return values.count - 1
  }
}

/// The operands of a backward node, told apart.
package struct BackwardOperands<Operand> {
  /// The gradient of the first top; nil for a loss.
  package var top: Operand?
  package var bottoms: [Operand]
  package var tops: [Operand]
}

extension Graph.Node {
  /// What each of a backward node's operands is.
  /// - Parameter operands: one for each of ``inputs``.
  package func backwardOperands<Operand>(_ operands: [Operand]) -> BackwardOperands<Operand> {
    guard let forward else { preconditionFailure("'\(layer.name)' is a forward node") }
    if direction == .backwardWeights {
      return BackwardOperands(top: operands[0], bottoms: [operands[1]], tops: [])
    }
    let reads = layer.spec.definition.gradientReads ?? .nothing
    let hasTop = layer.spec.weightInLoss == nil
    let first = hasTop ? 1 : 0
    let bottomCount = reads.bottoms ? forward.bottoms.count : 0
    return BackwardOperands(
      top: hasTop ? operands[0] : nil, bottoms: Array(operands[first..<first + bottomCount]),
      tops: Array(operands[(first + bottomCount)...]))
  }
}
