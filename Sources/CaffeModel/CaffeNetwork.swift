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
  /// Whether the syntax is of a time in which every blob had four axes: `layers`, or an input with
  /// `input_dim`.
  package internal(set) var hasFourAxes = false

  /// Reads a description.
  /// - Parameter text: a prototxt.
  /// - Throws: what is wrong, with the line.
  package init(
    prototxt text: String, options: ImportOptions = ImportOptions()
  ) throws(CaffeModelError) {
    try self.init(text: Array(text.utf8), options: options)
  }

  private init(text: [UInt8], options: ImportOptions) throws(CaffeModelError) {
    let tree = try PrototxtScanner.message(of: text)
    if let kind = FileKind.name(of: tree) { throw .notANet(reason: Self.refusal(of: kind)) }
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
        try self.init(text: try source.text(limit: PrototxtScanner.byteLimit), options: options)
      }
    } catch {
      if error.isAboutTheFile { throw error }
      // Only now: what can be read as a net is one.
      let kind = FileKind.name(of: source).map {
        CaffeModelError.notANet(reason: Self.refusal(of: $0))
      }
      throw .inFile(path: path, kind ?? error)
    }
  }

  private static func refusal(of kind: String) -> String {
    "this is \(kind), not the description of a net"
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
    hasFourAxes = true
  }

  private init(tree: PrototxtMessage, options: ImportOptions) throws(CaffeModelError) {
    do throws(CaffeModelError) {
      try self.init(reading: tree, options: options)
    } catch {
      throw LeftOutLayers(tree, options).explained(error) { options throws(CaffeModelError) in
        _ = try CaffeNetwork(reading: tree, options: options)
      }
    }
  }

  private init(
    reading tree: PrototxtMessage, options: ImportOptions
  ) throws(CaffeModelError) {
    var top = tree
    top.fields.removeAll { $0.name == "layer" || $0.name == "layers" }
    try top.check(as: Schema.net, layer: "")
    let state = options.state.joined(by: top)
    let layers = try PrototxtUpgrade.layers(of: tree) { layer throws(CaffeModelError) in
      try state.includes(layer)
    }
    if layers.isEmpty {
      if tree["layer"].isEmpty && tree["layers"].isEmpty {
        throw .noLayers(reason: "the description has no layer")
      }
      throw .noLayers(
        reason: "the rules of the description leave no layer in phase \(state.phase.rawValue)")
    }

    network = Network(name: top.text("name") ?? "", inputs: [], layers: [])
    forcesBackward = top.bool("force_backward") ?? false
    hasFourAxes =
      !tree["layers"].isEmpty || !top["input"].isEmpty && top["input_shape"].isEmpty
    var importer = LayerImporter(phase: state.phase, layers: layers)
    try importer.declare(top)
    for layer in layers { try importer.read(layer) }
    let resolved = try importer.resolveInputs(options)
    network.inputs = resolved.inputs
    notes = resolved.notes + options.state.notes(on: tree)
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
    case .missingBlob(let layer, let blob, let reason, _):
      .missingBlob(layer: layer, blob: blob, reason: reason, line: nil)
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
    var line: Int?
    /// The input of the same layer whose images these are the labels of.
    var images: String?
  }

  let phase: NetState.Phase
  private(set) var inputLayers: [CaffeNetwork.InputLayer] = []
  private(set) var frozenLayers: Set<String> = []
  private var inputs: [PendingInput] = []
  private var layers: [PrototxtLayer] = []
  private var owners: [String: String] = [:]
  private var names: LayerNames

  /// - Parameter layers: that will be read.
  init(phase: NetState.Phase, layers: [PrototxtLayer]) {
    self.phase = phase
    names = LayerNames(described: layers.map(\.describedName))
  }

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
      inputs.append(PendingInput(blob: blob, shape: shape, line: line))
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
    // Of another phase only Dropout computes something else.
    if let wanted = layer.message.phase, wanted != phase, layer.type == "Dropout" {
      throw .unusableLayer(
        layer: layer.name,
        reason: "is for another phase than \(phase.rawValue); use include to leave it out",
        line: layer.message.line(of: "phase"))
    }
    if DataLayers.types.contains(layer.type) {
      try readInputs(of: layer)
    } else {
      var layer = layer
      // A Split is no layer of the network.
      if layer.type != "Split" { layer.uniqueName = names.unique(layer.describedName) }
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
    for (index, (blob, shape)) in zip(layer.tops, shapes).enumerated() {
      let isLabel = index == 1 && DataLayers.withLabels.contains(layer.type)
      inputs.append(
        PendingInput(
          blob: blob, shape: shape, line: layer.line, images: isLabel ? layer.tops[0] : nil))
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
      frozenLayers.insert(layer.uniqueName ?? layer.describedName)
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
      let images = input.images.flatMap { given[$0]?.dimensions.first }
      switch (given[input.blob], input.shape) {
      case (let shape?, _): axes = shape.dimensions
      // A data layer gives as many labels as images.
      case (nil, _) where images != nil: axes = images.map { [$0] } ?? []
      case (nil, .known(let shape)): axes = shape
      case (nil, .assumed(let shape, let note)):
        axes = shape
        notes.append(
          "input '\(input.blob)': \(note); --shape \(input.blob)=N,C,H,W gives another shape")
      case (nil, .unknown(let reason, _)):
        throw .unusableInput(
          reason: "the shape of '\(input.blob)' is not known, since \(reason); give it"
            + shapeAdvice(options), line: input.line)
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

  /// Layers of a description for which sizes are tried; GoogLeNet has 200.
  private static let adviceLimit = 2_000

  /// An example of the options that give the shapes which are not known: one with which the layers
  /// can be set up, if one of the usual sizes is.
  private func shapeAdvice(_ options: ImportOptions) -> String {
    let given = Set((try? assign(options.shapes, to: inputs.map(\.blob))) ?? [])
    let unknown = inputs.filter { input in
      guard case .unknown(_, _) = input.shape else { return false }
      return !given.contains(input.blob) && input.images == nil
    }
    let batch = options.batch ?? unknown.compactMap { $0.shape.batch }.first ?? 10
    func arguments(_ shapes: [GivenShape]) -> String {
      shapes.map { "--shape \(ShellText.quoted($0.text))" }.joined(separator: " ")
    }
    // What comes after the images may be labels: one number each, as many as a layer gives, or as an
    // image of one pixel.
    let counts = Set(
      layers.compactMap { $0.message.message("inner_product_param").int("num_output") }
    ).filter { (1...(1 << 24)).contains($0) }.sorted().prefix(8)
    let labels = [[batch]] + counts.map { [batch, $0] } + [[batch, 1, 1, 1]]
    // Each trial goes through all layers.
    for side in layers.count > Self.adviceLimit
      ? [] : [227, 224, 32, 28, 299, 256, 64, 128, 512, 1]
    {
      for channels in [3, 1] {
        let image = [batch, channels, side, side]
        for rest in unknown.count > 1 ? labels + [image] : [image] {
          let shapes = unknown.enumerated().map { index, input in
            GivenShape(blob: input.blob, shape: Shape(index == 0 ? image : rest))
          }
          var trial = options
          trial.shapes += shapes
          guard let inputs = try? resolveInputs(trial).inputs, (try? layers(on: inputs)) != nil
          else { continue }
          return ", for example \(arguments(shapes))"
        }
      }
    }
    return " with "
      + unknown.map { "--shape \(ShellText.quoted("\($0.blob)=N,C,H,W"))" }.joined(separator: " ")
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

/// Names for layers of which several may have one, as in Caffe: the second `relu` is `relu-2`, unless
/// the description has that name too.
struct LayerNames {
  private let described: Set<String>
  private var given: Set<String> = []

  /// - Parameter described: of all layers.
  init(described: [String]) { self.described = Set(described) }

  mutating func unique(_ name: String) -> String {
    if given.insert(name).inserted { return name }
    var number = 2
    var unique = "\(name)-2"
    while described.contains(unique) || !given.insert(unique).inserted {
      number += 1
      unique = "\(name)-\(number)"
    }
    return unique
  }
}

/// The blobs of a network while its layers are read in order: which there are, and their shapes.
struct BlobTable {
  private var shapes: [String: Shape] = [:]
  /// Tops of Split layers, which are their bottom under another name.
  private var aliases: [String: String] = [:]
  private var limits = SizeLimits.description
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
    let name = source.uniqueName ?? source.describedName
    let given = source.bottoms
    let topNames = tops(of: source, named: name)
    func refused(_ reason: String, _ field: String = "") -> CaffeModelError {
      .unusableLayer(
        layer: source.name, reason: reason,
        line: source.message.line(of: field) ?? source.line)
    }
    var bottoms: [String] = []
    var bottomShapes: [Shape] = []
    for blob in given {
      let origin = aliases[blob] ?? blob
      guard let shape = shapes[origin] else {
        throw .missingBlob(
          layer: source.name, blob: blob, reason: "which no layer before it writes",
          line: source.message.line(of: "bottom") ?? source.line)
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
    var layer = Layer(name: name, spec: spec, bottoms: bottoms, tops: topNames)
    if source.describedName != name { layer.sharedName = source.describedName }
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
