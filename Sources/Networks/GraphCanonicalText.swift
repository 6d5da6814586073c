import Tensors

extension Graph {
  /// All that a graph computes, in one text: equal texts are graphs that are equal but for the name of
  /// the network and the number of images.
  ///
  /// Begins with a line that names this form, so that two programs can tell whether they mean the
  /// same by it. Then come the inputs, and a line for each node: name, kind and direction, values
  /// read and written, shapes of the weights, parameters in the order of their names.
  package var canonicalText: String {
    var lines = [Self.canonicalForm]
    for id in inputs {
      let shape = values[id].shape
      let axes = shape.dimensions.enumerated().map { axis, extent in
        axis == 0 && extent == batch ? "N" : "\(extent)"
      }
      lines.append("input \(id) \(Self.quoted(values[id].blob)) \(axes.joined(separator: ","))")
    }
    for node in nodes {
      var words = [
        Self.quoted(node.layer.name), node.layer.spec.kind.rawValue, node.direction.rawValue,
        "\(node.layerIndex)", Self.quoted(node.stage),
      ]
      if let name = node.layer.sharedName { words.append("shared=\(Self.quoted(name))") }
      words += node.inputs.map { "<\($0)" }
      words += node.outputs.map { ">\($0):\(Self.quoted(values[$0].blob))" }
      if let forward = node.forward, node.direction == .backwardData {
        words.append("of=\(forward.targets.map(String.init).joined(separator: ","))")
      }
      if let shapes = node.layer.spec.definition.weightShapes(on: inputShape(of: node)) {
        words.append("weight=\(shapes.weight)")
        if let bias = shapes.bias { words.append("bias=\(bias)") }
      }
      words += node.layer.spec.parameters.sorted { $0.key < $1.key }.map {
        "\($0.key)=\($0.value.text)"
      }
      lines.append(words.joined(separator: " "))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The first line of ``canonicalText``; another one once a graph of today gets another text.
  package static let canonicalForm = "graph 1"

  /// Names may contain anything; none can look like another one and what follows it.
  private static func quoted(_ name: String) -> String { name.debugDescription }
}

extension LayerParameter {
  /// For ``Graph/canonicalText``; floats are the shortest text that reads back to the same bits.
  fileprivate var text: String {
    switch self {
    case .flag(let flag): "\(flag)"
    case .integer(let integer): "\(integer)"
    case .real(let real): "\(real)"
    case .text(let text): text.debugDescription
    case .integers(let integers): "\(integers)"
    case .reals(let reals): "\(reals)"
    }
  }
}
