import Tensors

/// A network resolved for one batch size: every write of a blob is a value of its own, so that
/// in-place layers, branches and fusion need no special rules.
public struct Graph: Hashable, Sendable {
  /// Index into ``Graph/values``.
  public typealias ValueID = Int

  /// One version of a blob.
  public struct Value: Hashable, Sendable {
    /// Caffe's blob name; an in-place layer makes a second value of the same name.
    public var blob: String
    public var shape: Shape
    /// Index into ``Graph/nodes`` of the node that writes it; nil for a network input.
    public var producer: Int?
  }

  /// One layer with its operands.
  public struct Node: Hashable, Sendable {
    /// With all axes of its spec counted from the front.
    public var layer: Layer
    public var direction = Direction.forward
    /// Position in the whole network, from 0; stays the same in a ``Graph/single(_:)`` graph.
    public var layerIndex: Int
    /// The group of layers inside which a backend may fuse: a convolution or inner product and
    /// what follows it up to the next one; named after its first layer.
    public var stage: String
    /// Of a backward node see ``Graph/training(allGradients:)``.
    public var inputs: [ValueID]
    public var outputs: [ValueID]
    /// Of a backward node: what its layer reads and writes forward.
    public var forward: ForwardShapes?
  }

  /// The shapes of a layer's operands in the forward direction, for a node of another one.
  public struct ForwardShapes: Hashable, Sendable {
    public var bottoms: [Shape]
    public var tops: [Shape]
    /// Positions of the bottoms whose gradients a `backward_data` node writes, in that order.
    public var targets: [Int] = []
  }

  public var networkName: String
  public private(set) var values: [Value]
  public package(set) var nodes: [Node]
  /// The network's inputs.
  public private(set) var inputs: [ValueID]
  /// Values that no node reads: the network's outputs.
  public var outputs: [ValueID] {
    let read = Set(nodes.flatMap(\.inputs))
    return values.indices.filter { !read.contains($0) }
  }
  /// Images, the first axis of the first input.
  public var batch: Int { inputs.first.map { values[$0].shape.n } ?? 0 }

  init(network: Network, batch: Int?) throws(NetworkError) {
    if let batch, batch < 1 { throw .batch(batch) }
    networkName = network.name
    values = []
    nodes = []
    inputs = []
    var current: [String: ValueID] = [:]
    var limits = SizeLimits.graph
    for input in network.inputs {
      let shape =
        input.shape.rank == 0
        ? input.shape : batch.map { input.shape.withBatch($0) } ?? input.shape
      if shape.n < 1 { throw .batch(shape.n) }
      if let reason = limits.exceeds(byBlob: shape) {
        throw .tooLarge(what: "input '\(input.blob)'", reason: reason)
      }
      current[input.blob] = values.count
      inputs.append(values.count)
      values.append(Value(blob: input.blob, shape: shape, producer: nil))
    }
    var names: Set<String> = []
    for (index, layer) in network.layers.enumerated() {
      guard names.insert(layer.name).inserted else { throw .duplicateLayer(layer.name) }
      var operands: [ValueID] = []
      for blob in layer.bottoms {
        guard let id = current[blob] else { throw .unknownBlob(layer: layer.name, blob: blob) }
        operands.append(id)
      }
      let bottoms = operands.map { values[$0].shape }
      var resolved = layer
      let shapes: [Shape]
      (resolved.spec, shapes) = try layer.resolved(on: bottoms)
      guard shapes.count == layer.tops.count else {
        throw .unusableShape(
          layer: layer.name,
          reason: "has \(layer.tops.count) tops where its kind makes \(shapes.count)")
      }
      for shape in shapes {
        if let reason = limits.exceeds(byBlob: shape) {
          throw .tooLarge(what: "layer '\(layer.name)'", reason: reason)
        }
      }
      let work = limits.exceeds(bySpec: resolved.spec, bottoms: bottoms, tops: shapes)
      if let work { throw .tooLarge(what: "layer '\(layer.name)'", reason: work) }
      var results: [ValueID] = []
      for (top, shape) in zip(layer.tops, shapes) {
        results.append(values.count)
        current[top] = values.count
        values.append(Value(blob: top, shape: shape, producer: index))
      }
      nodes.append(
        Node(
          layer: resolved, layerIndex: index, stage: stage(of: layer, reading: operands),
          inputs: operands, outputs: results))
    }
  }

  init(networkName: String, values: [Value], nodes: [Node], inputs: [ValueID]) {
    self.networkName = networkName
    self.values = values
    self.nodes = nodes
    self.inputs = inputs
  }

  private func stage(of layer: Layer, reading operands: [ValueID]) -> String {
    guard !layer.spec.hasWeights, operands.count == 1, let producer = values[operands[0]].producer
    else { return layer.name }
    return nodes[producer].stage
  }

  /// The graph of one layer alone: its operands become inputs, and it writes out of place.
  public func single(_ node: Int) -> Graph {
    let original = nodes[node]
    var values: [Value] = []
    for id in original.inputs {
      values.append(Value(blob: self.values[id].blob, shape: self.values[id].shape, producer: nil))
    }
    for id in original.outputs {
      values.append(Value(blob: self.values[id].blob, shape: self.values[id].shape, producer: 0))
    }
    var copy = original
    copy.inputs = Array(original.inputs.indices)
    copy.outputs = original.outputs.indices.map { original.inputs.count + $0 }
    return Graph(networkName: networkName, values: values, nodes: [copy], inputs: copy.inputs)
  }

  /// Some nodes in a row as a graph of their own: what they read from others becomes its inputs.
  /// - Returns: the graph, and for each of its values which one of this graph it is.
  public func segment(_ range: Range<Int>) -> (graph: Graph, values: [ValueID]) {
    var ids: [ValueID] = []
    var copies: [Value] = []
    var position: [ValueID: Int] = [:]
    var inputs: [ValueID] = []
    func add(_ id: ValueID, producer: Int?) {
      guard position[id] == nil else { return }
      position[id] = ids.count
      ids.append(id)
      copies.append(
        Value(blob: values[id].blob, shape: values[id].shape, producer: producer))
    }
    for index in range {
      for id in nodes[index].inputs where position[id] == nil {
        inputs.append(ids.count)
        add(id, producer: nil)
      }
      for id in nodes[index].outputs { add(id, producer: index - range.lowerBound) }
    }
    let moved = nodes[range].map { node in
      var node = node
      node.inputs = node.inputs.compactMap { position[$0] }
      node.outputs = node.outputs.compactMap { position[$0] }
      return node
    }
    return (Graph(networkName: networkName, values: copies, nodes: moved, inputs: inputs), ids)
  }

  /// This graph for another number of images.
  public func withImages(_ count: Int) -> Graph {
    var copy = self
    func resized(_ shape: Shape) -> Shape {
      shape.rank > 0 && shape.n == batch ? shape.withBatch(count) : shape
    }
    for id in values.indices { copy.values[id].shape = resized(values[id].shape) }
    for index in nodes.indices {
      guard let forward = nodes[index].forward else { continue }
      copy.nodes[index].forward?.bottoms = forward.bottoms.map(resized)
      copy.nodes[index].forward?.tops = forward.tops.map(resized)
    }
    return copy
  }

  /// Whether some of its images cannot be computed without the others.
  public var mixesImages: Bool {
    nodes.contains { $0.layer.spec.mixesImages || $0.direction == .backwardWeights }
      || values.contains { $0.shape.rank == 0 || $0.shape.n != batch }
  }

  /// Index of the node whose layer has this name, in a direction.
  public func node(
    named name: String, _ direction: Direction = .forward
  ) throws(NetworkError) -> Int {
    let index = nodes.firstIndex { $0.layer.name == name && $0.direction == direction }
    guard let index else {
      throw .unknownLayer(name, known: nodes.map(\.layer.name))
    }
    return index
  }

  /// The last value of a blob, as Caffe's `Net::blob_by_name` gives it.
  public func value(ofBlob name: String) -> ValueID? { values.lastIndex { $0.blob == name } }

  /// Shape of the first bottom of a node's layer, which a forward node reads.
  public func inputShape(of node: Node) -> Shape {
    node.forward?.bottoms[0] ?? values[node.inputs[0]].shape
  }
  /// Shape of the first top of a node's layer, which a forward node writes.
  public func outputShape(of node: Node) -> Shape {
    node.forward?.tops[0] ?? values[node.outputs[0]].shape
  }
}
