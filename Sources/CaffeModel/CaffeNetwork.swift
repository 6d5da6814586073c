import Networks
import Tensors

/// A network read from a Caffe description, in any of its three syntaxes.
///
/// Everything that would change the result is either understood or refused: a layer type, a
/// parameter or a value that is not known here is an error that names it, with its line. What only
/// concerns training or the choice of an implementation (fillers, `engine`) is skipped.
/// - Source: BVLC/caffe, src/caffe/proto/caffe.proto and src/caffe/net.cpp.
package struct CaffeNetwork: Sendable {
  /// A layer of the description that became an input of the network: `Input`, or one that reads
  /// data.
  package struct InputLayer: Hashable, Sendable {
    package var name: String
    package var blobs: [String]
    /// Index into the network's layers of the one that follows.
    package var position: Int
  }

  package internal(set) var network: Network
  /// Empty when the description declares its inputs by `input`, as before 2016.
  package internal(set) var inputLayers: [InputLayer] = []
  /// What had to be assumed, one sentence each.
  package internal(set) var notes: [String] = []
  /// The input that each of ``ImportOptions/shapes`` was for.
  package internal(set) var assignedInputs: [String] = []
  /// Layers all of whose parameters have a learning rate of 0.
  package internal(set) var frozenLayers: Set<String> = []
  /// Blobs of losses that name no top; Caffe gives them no name either.
  package internal(set) var automaticBlobs: Set<String> = []
  /// `force_backward`.
  package internal(set) var forcesBackward = false

  /// Reads a description.
  /// - Parameter text: a prototxt.
  /// - Throws: what is wrong, with the line.
  package init(
    prototxt text: String, options: ImportOptions = ImportOptions()
  ) throws(CaffeModelError) {
    let tree = try PrototxtScanner.message(of: text)
    try Self.refuseSolver(tree)
    try tree.refuseDuplicates(as: Schema.net)
    try self.init(tree: tree, options: options)
  }

  /// Reads a file, text or binary.
  /// - Throws: ``CaffeModelError/inFile(path:_:)`` with what is wrong; the file can't be read.
  package init(
    contentsOf path: String, options: ImportOptions = ImportOptions()
  ) throws(CaffeModelError) {
    try self.init(try ByteSource(path: path), path: path, options: options)
  }

  /// Reads the bytes of a file, text or binary.
  /// - Parameter name: of the file, for errors.
  package init(
    bytes: [UInt8], named name: String, options: ImportOptions = ImportOptions()
  ) throws(CaffeModelError) {
    try self.init(ByteSource(bytes: bytes), path: name, options: options)
  }

  private init(
    _ source: ByteSource, path: String, options: ImportOptions
  ) throws(CaffeModelError) {
    do throws(CaffeModelError) {
      if source.looksBinary {
        let tree = try PrototxtMessage(binary: source)
        do throws(CaffeModelError) {
          try self.init(tree: tree, options: options)
        } catch {
          throw error.withoutLine
        }
      } else {
        try self.init(prototxt: try source.text(limit: PrototxtScanner.byteLimit), options: options)
      }
    } catch {
      throw error.isAboutTheFile ? error : .inFile(path: path, error)
    }
  }

  /// A network that comes from no description, under the name that errors give it.
  ///
  /// Goes through its own description, so that shapes given from outside are checked as a file's.
  package init(
    _ network: Network, named name: String, options: ImportOptions = ImportOptions()
  ) throws(CaffeModelError) {
    do throws(CaffeModelError) {
      try self.init(prototxt: CaffeExport.prototxt(of: network), options: options)
    } catch {
      throw .inFile(path: name, error.withoutLine)
    }
    inputLayers = []
  }

  /// Fields of the outermost message that only a solver has.
  private static let solverFields: Set<String> = [
    "net", "train_net", "test_net", "net_param", "train_net_param", "test_net_param", "base_lr",
    "max_iter", "lr_policy", "solver_mode", "solver_type", "snapshot", "snapshot_prefix",
    "test_iter", "test_interval", "momentum", "random_seed", "iter_size",
  ]

  /// A solver, whose fields a net could not have, is told from a net with a wrong field.
  private static func refuseSolver(_ net: PrototxtMessage) throws(CaffeModelError) {
    guard net["layer"].isEmpty, net["layers"].isEmpty,
      net.fields.contains(where: { solverFields.contains($0.name) })
    else { return }
    let named = net.scalar("net") ?? net.scalar("train_net")
    let hint = named.map { "; the net that it trains is '\($0)'" } ?? ""
    throw .notANet(reason: "this is the description of a solver, not of a net\(hint)")
  }

  private init(tree: PrototxtMessage, options: ImportOptions) throws(CaffeModelError) {
    var top = tree
    top.fields.removeAll { $0.name == "layer" || $0.name == "layers" }
    try top.check(as: Schema.net, layer: "")
    var state = options.state
    if let level = top.message("state").int("level") { state.level = level }
    state.stages.formUnion(top.message("state").texts("stage"))
    var layers: [PrototxtLayer] = []
    let all = try PrototxtUpgrade.layers(of: tree)
    for layer in all where try state.includes(layer) { layers.append(layer) }
    if layers.isEmpty {
      let isFiltered = !all.isEmpty
      throw .noLayers(
        reason: isFiltered
          ? "the rules of the description leave no layer in phase \(state.phase.rawValue)"
          : "the description has no layer")
    }

    network = Network(name: top.text("name") ?? "", inputs: [], layers: [])
    forcesBackward = top.bool("force_backward") ?? false
    var importer = LayerImporter(phase: state.phase)
    try importer.declare(top)
    for layer in layers { try importer.read(layer) }
    let resolved = try importer.resolveInputs(options)
    network.inputs = resolved.inputs
    notes = resolved.notes
    assignedInputs = resolved.assigned
    inputLayers = importer.inputLayers
    frozenLayers = importer.frozenLayers
    (network.layers, automaticBlobs) = try importer.layers(on: network.inputs)
  }
}

/// Reads a Caffe network description as ``CaffeNetwork`` does.
package func network(fromPrototxt text: String) throws(CaffeModelError) -> Network {
  try CaffeNetwork(prototxt: text).network
}

extension CaffeModelError {
  /// Whether the description names the file already.
  fileprivate var isAboutTheFile: Bool {
    switch self {
    case .missing, .unreadable, .inFile: true
    default: false
    }
  }

  /// This error without its line, for a binary file, which has none.
  fileprivate var withoutLine: CaffeModelError {
    switch self {
    case .syntax(_, let reason): .damaged(reason: reason)
    case .unsupportedLayerType(let layer, let type, _):
      .unsupportedLayerType(layer: layer, type: type, line: nil)
    case .unsupportedParameter(let layer, let parameter, _):
      .unsupportedParameter(layer: layer, parameter: parameter, line: nil)
    case .invalidValue(let layer, let parameter, let value, _):
      .invalidValue(layer: layer, parameter: parameter, value: value, line: nil)
    case .unusableLayer(let layer, let reason, _):
      .unusableLayer(layer: layer, reason: reason, line: nil)
    case .unusableInput(let reason, _): .unusableInput(reason: reason, line: nil)
    default: self
    }
  }
}

extension CaffeNetwork {
  /// Arrays in the order of the network's inputs.
  ///
  /// Precondition: the network was read with ``ImportOptions/givesEveryInput``.
  /// - Parameter arrays: one for each of ``ImportOptions/shapes``, in their order.
  package func ordered(_ arrays: [Tensor]) -> [Tensor] {
    network.inputs.map { input in
      guard let index = assignedInputs.firstIndex(of: input.blob) else {
        preconditionFailure("no array for input '\(input.blob)'")
      }
      return arrays[index]
    }
  }
}

/// Turns the layers of a description, in its order, into inputs and layers of a network.
///
/// First all layers are decoded and the inputs found, whose shapes may be given from outside; then
/// shapes are followed from layer to layer, so that a layer that cannot be has its line, and so that
/// sizes that no machine holds are refused before anything multiplies them.
struct LayerImporter {
  private struct PendingInput {
    var blob: String
    var shape: InputShape
    var layer: String
    var line: Int?
  }

  let phase: NetState.Phase
  private(set) var inputLayers: [CaffeNetwork.InputLayer] = []
  private(set) var frozenLayers: Set<String> = []
  private var inputs: [PendingInput] = []
  private var layers: [PrototxtLayer] = []
  private var owners: [String: String] = [:]

  init(phase: NetState.Phase) { self.phase = phase }

  /// Inputs declared by `input` with `input_shape` or, older, four `input_dim` each.
  mutating func declare(_ net: PrototxtMessage) throws(CaffeModelError) {
    let blobs = net.texts("input")
    let axes = net.ints("input_dim")
    let given = net.messages("input_shape").map { $0.ints("dim") }
    if !given.isEmpty && !axes.isEmpty {
      throw .unusableInput(
        reason: "has both input_shape and input_dim; give one of them",
        line: net.line(of: "input_dim"))
    }
    let shapes: [InputShape]
    if !axes.isEmpty {
      guard axes.count == 4 * blobs.count else {
        throw .unusableInput(
          reason: "\(axes.count) input_dim for \(blobs.count) inputs; each needs four",
          line: net.line(of: "input_dim"))
      }
      shapes = blobs.indices.map { .known(Array(axes[4 * $0..<4 * $0 + 4])) }
    } else if given.isEmpty {
      shapes = blobs.map { _ in .unknown(reason: "the description gives no shape") }
    } else {
      guard given.count == blobs.count else {
        throw .unusableInput(
          reason: "\(given.count) input_shape for \(blobs.count) inputs; each needs one",
          line: net.line(of: "input_shape"))
      }
      shapes = given.map { .known($0) }
    }
    let line = net.line(of: "input")
    for (blob, shape) in zip(blobs, shapes) {
      inputs.append(PendingInput(blob: blob, shape: shape, layer: "", line: line))
    }
  }

  /// Decodes the next layer.
  mutating func read(_ layer: PrototxtLayer) throws(CaffeModelError) {
    // Before all else, since the parameters of an unknown type are unknown too.
    let typeLine = layer.message.line(of: "type") ?? layer.line
    guard LayerType.all.contains(where: { $0.name == layer.type }) else {
      if layer.type.isEmpty {
        throw .unusableLayer(layer: layer.name, reason: "has no type", line: layer.line)
      }
      throw .unsupportedLayerType(layer: layer.name, type: layer.type, line: typeLine)
    }
    try layer.message.check(as: Schema.layer, layer: layer.name)
    if let wanted = layer.message.phase, wanted != phase {
      throw .unusableLayer(
        layer: layer.name,
        reason: "is for another phase than \(phase.rawValue); use include to leave it out",
        line: layer.message.line(of: "phase"))
    }
    if DataLayers.types.contains(layer.type) {
      try readInputs(of: layer)
    } else {
      try noteParameters(of: layer)
      layers.append(layer)
    }
  }

  private mutating func readInputs(of layer: PrototxtLayer) throws(CaffeModelError) {
    guard layer.bottoms.isEmpty else {
      throw .unusableLayer(
        layer: layer.name, reason: "has a bottom, though its type \(layer.type) reads none",
        line: layer.message.line(of: "bottom"))
    }
    let shapes = try DataLayers.shapes(of: layer)
    for (blob, shape) in zip(layer.tops, shapes) {
      inputs.append(
        PendingInput(blob: blob, shape: shape, layer: layer.name, line: layer.line))
    }
    inputLayers.append(
      CaffeNetwork.InputLayer(
        name: layer.name, blobs: layer.tops, position: layers.count))
  }

  /// Shared parameters are refused: two layers with one weight are not two weights of one value.
  private mutating func noteParameters(of layer: PrototxtLayer) throws(CaffeModelError) {
    let parameters = layer.message.messages("param")
    for name in parameters.compactMap({ $0.text("name") }) where !name.isEmpty {
      if let owner = owners[name] {
        throw .unusableLayer(
          layer: layer.name,
          reason: "shares parameter '\(name)' with layer '\(owner)', which is not supported",
          line: layer.message.line(of: "param.name"))
      }
      owners[name] = layer.name
    }
    let rates = parameters.map { $0.float("lr_mult") ?? 1 }
    if rates.count >= 2 || (rates.count == 1 && !layer.hasBias), rates.allSatisfy({ $0 == 0 }) {
      frozenLayers.insert(layer.name)
    }
  }

  /// The network's inputs, with the shapes that were given in place of the description's.
  func resolveInputs(
    _ options: ImportOptions
  ) throws(CaffeModelError) -> (inputs: [Network.Input], notes: [String], assigned: [String]) {
    let assigned = try assign(options.shapes, to: inputs.map(\.blob))
    var given: [String: Shape] = [:]
    for (blob, shape) in zip(assigned, options.shapes) { given[blob] = shape.shape }
    var resolved: [Network.Input] = []
    var notes: [String] = []
    for input in inputs {
      var axes: [Int]
      guard given[input.blob] != nil || !options.givesEveryInput else {
        throw .inputAssignment(
          reason: "no array is given for input '\(input.blob)'; give one with "
            + "--input \(input.blob)=X.npy")
      }
      switch (given[input.blob], input.shape) {
      case (let shape?, _): axes = shape.dimensions
      case (nil, .known(let shape)): axes = shape
      case (nil, .assumed(let shape, let note)):
        axes = shape
        notes.append(
          "input '\(input.blob)': \(note); --shape \(input.blob)=N,C,H,W gives another shape")
      case (nil, .unknown(let reason)):
        throw .unusableInput(
          reason:
            "the shape of '\(input.blob)' is not known, since \(reason); give it, for example "
            + "--shape \(input.blob)=10,3,227,227", line: input.line)
      }
      if let batch = options.batch, !axes.isEmpty { axes[0] = batch }
      guard SizeLimits.isPossible(axes) else {
        let text = axes.map(String.init).joined(separator: "x")
        throw .unusableInput(
          reason: "'\(input.blob)' has the impossible shape '\(text)'", line: input.line)
      }
      resolved.append(Network.Input(blob: input.blob, shape: Shape(axes)))
    }
    return (resolved, notes, assigned)
  }

  /// The layers that compute, with their shapes checked.
  /// - Returns: also the tops of losses that name none.
  func layers(
    on inputs: [Network.Input]
  ) throws(CaffeModelError) -> (layers: [Layer], automatic: Set<String>) {
    var blobs = BlobTable()
    for input in inputs { try blobs.add(input) }
    var layers: [Layer] = []
    for source in self.layers {
      if let layer = try blobs.add(source) { layers.append(layer) }
    }
    if layers.isEmpty { throw .noLayers(reason: "the description has no layer that computes") }
    return (layers, blobs.automatic)
  }
}

/// The blobs of a network while its layers are read in order: which there are, and their shapes.
struct BlobTable {
  private var shapes: [String: Shape] = [:]
  /// Tops of Split layers, which are their bottom under another name.
  private var aliases: [String: String] = [:]
  private var limits = SizeLimits.description
  private var names: Set<String> = []
  /// Tops of losses that name none.
  private(set) var automatic: Set<String> = []

  mutating func add(_ input: Network.Input) throws(CaffeModelError) {
    guard shapes[input.blob] == nil else {
      throw .unusableInput(reason: "two inputs are named '\(input.blob)'", line: nil)
    }
    shapes[input.blob] = input.shape
    if let reason = limits.exceeds(byBlob: input.shape) {
      throw .unusableInput(reason: reason, line: nil)
    }
  }

  /// A loss need not name its top (loss_layer.hpp, `AutoTopBlobs`); it gets the layer's name.
  private mutating func tops(of layer: PrototxtLayer, named layerName: String) -> [String] {
    let tops = layer.tops
    guard tops.isEmpty, LayerType.losses.contains(layer.type) else { return tops }
    var name = layerName
    while shapes[name] != nil || aliases[name] != nil { name += "_loss" }
    automatic.insert(name)
    return [name]
  }

  /// Checks a layer and notes what it writes.
  /// - Returns: nil for Split, which only gives a blob other names.
  mutating func add(_ source: PrototxtLayer) throws(CaffeModelError) -> Layer? {
    let name = source.message.text("name") ?? ""
    let given = source.bottoms
    let topNames = tops(of: source, named: name)
    func refused(_ reason: String, _ field: String = "") -> CaffeModelError {
      .unusableLayer(
        layer: source.name, reason: reason,
        line: source.message.line(of: field) ?? source.line)
    }
    guard names.insert(name).inserted else {
      throw refused("there is another layer of that name", "name")
    }
    var bottoms: [String] = []
    var bottomShapes: [Shape] = []
    for blob in given {
      let origin = aliases[blob] ?? blob
      guard let shape = shapes[origin] else {
        throw refused("reads blob '\(blob)', which no layer before it writes", "bottom")
      }
      bottoms.append(origin)
      bottomShapes.append(shape)
    }
    for (index, blob) in topNames.enumerated() {
      // In place is the top with the name and the position of a bottom (net.cpp, AppendTop).
      let isInPlace = index < given.count && given[index] == blob
      guard isInPlace || (shapes[blob] == nil && aliases[blob] == nil) else {
        throw refused("writes blob '\(blob)', which another layer writes already", "top")
      }
      if isInPlace, aliases.values.contains(blob) {
        throw refused("writes blob '\(blob)' after a Split layer has shared it", "top")
      }
      if topNames[..<index].contains(blob) { throw refused("writes '\(blob)' twice", "top") }
    }
    if source.type == "Split" {
      guard bottoms.count == 1, !topNames.isEmpty, !topNames.contains(given[0])
      else { throw refused("Split needs one bottom and other tops") }
      for blob in topNames { aliases[blob] = bottoms[0] }
      return nil
    }
    let spec = try source.spec(tops: topNames)
    let layer = Layer(name: name, spec: spec, bottoms: bottoms, tops: topNames)
    let tops: [Shape]
    do {
      tops = try layer.outputShapes(of: bottomShapes)
    } catch {
      guard case .unusableShape(_, let reason) = error else { throw .network(error) }
      throw refused(reason)
    }
    guard tops.count == topNames.count else {
      throw refused("has \(topNames.count) tops where its type makes \(tops.count)", "top")
    }
    for (blob, shape) in zip(topNames, tops) {
      if let reason = limits.exceeds(byBlob: shape) { throw refused(reason) }
      // What an in-place layer writes to a Split's top is not what the others read.
      aliases[blob] = nil
      shapes[blob] = shape
    }
    if let reason = limits.exceeds(bySpec: spec, bottoms: bottomShapes, tops: tops) {
      throw refused(reason)
    }
    return layer
  }
}
