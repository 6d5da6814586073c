import Networks
import Tensors

/// What a description leaves open.
package struct ImportOptions: Sendable {
  package var state = NetState()
  /// Shapes of inputs, in place of those in the description.
  package var shapes: [GivenShape] = []
  /// Whether every input must be among ``shapes``: there is an array for each.
  package var givesEveryInput = false
  /// Images, in place of the first axis of every input; nil for the description's own.
  package var batch: Int?

  package init(state: NetState = NetState(), shapes: [GivenShape] = [], batch: Int? = nil) {
    self.state = state
    self.shapes = shapes
    self.batch = batch
  }

  package init(_ options: DescriptionOptions, batch: Int? = nil) {
    self.init(state: options.state, shapes: options.shapes, batch: batch)
  }
}

extension CaffeNetwork {
  /// The inputs that arrays would be for.
  /// - Parameter names: the input that each array names; nil for the first that no other is for.
  /// - Returns: an input for each of them.
  /// - Throws: a name that the network does not have, or has one array too many for.
  package func inputs(for names: [String?]) throws(CaffeModelError) -> [Network.Input] {
    let given = names.map { GivenShape(blob: $0, shape: .scalar) }
    let blobs = try assign(given, to: network.inputs.map(\.blob))
    return blobs.compactMap { blob in network.inputs.first { $0.blob == blob } }
  }
}

/// Finds the input that each given shape is for.
/// - Returns: one blob for each of `given`.
func assign(
  _ given: [GivenShape], to blobs: [String]
) throws(CaffeModelError) -> [String] {
  let list = blobs.joined(separator: ", ")
  var free = blobs
  for name in given.compactMap(\.blob) {
    guard blobs.contains(name) else {
      throw .inputAssignment(reason: "the net has no input '\(name)'; it has \(list)")
    }
    guard let index = free.firstIndex(of: name) else {
      throw .inputAssignment(reason: "input '\(name)' is given twice")
    }
    free.remove(at: index)
  }
  var assigned: [String] = []
  for shape in given {
    if let name = shape.blob {
      assigned.append(name)
    } else {
      guard !free.isEmpty else {
        throw .inputAssignment(
          reason: "\(given.count) inputs are given; the net has \(blobs.count): \(list)")
      }
      assigned.append(free.removeFirst())
    }
  }
  return assigned
}

extension NetState {
  /// Whether a layer is part of the net, by its `include` and `exclude` rules.
  /// - Source: BVLC/caffe, net.cpp, `FilterNet` and `StateMeetsRule`.
  func includes(_ layer: PrototxtLayer) throws(CaffeModelError) -> Bool {
    let includes = layer.message["include"]
    let excludes = layer.message["exclude"]
    if !includes.isEmpty, let exclude = excludes.first {
      throw .unusableLayer(
        layer: layer.name, reason: "has include and exclude rules; only one kind is possible",
        line: exclude.line)
    }
    for rule in includes where try meets(rule, of: layer) { return true }
    for rule in excludes where try meets(rule, of: layer) { return false }
    return includes.isEmpty
  }

  private func meets(
    _ field: PrototxtField, of layer: PrototxtLayer
  ) throws(CaffeModelError) -> Bool {
    // Checked first: a misspelt rule would be one that is always met.
    let rule = field.message ?? PrototxtMessage(fields: [field])
    try rule.check(as: Schema.rule, layer: layer.name)
    if let wanted = rule.phase, wanted != phase { return false }
    if let least = rule.int("min_level"), level < least { return false }
    if let most = rule.int("max_level"), level > most { return false }
    return stages.isSuperset(of: rule.texts("stage"))
      && stages.isDisjoint(with: rule.texts("not_stage"))
  }
}

extension PrototxtMessage {
  /// The phase that a rule or a layer is for.
  var phase: NetState.Phase? {
    choice("phase", among: ["TRAIN", "TEST"]).flatMap(NetState.Phase.init(rawValue:))
  }
}
