import Networks
import Tensors

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
  private var decoded: [(message: Caffe_LayerParameter, source: PrototxtLayer)] = []
  private var owners: [String: String] = [:]

  init(phase: NetState.Phase) { self.phase = phase }

  /// Inputs declared by `input` with `input_shape` or, older, four `input_dim` each.
  mutating func declare(
    _ net: Caffe_NetParameter, tree: PrototxtMessage
  ) throws(CaffeModelError) {
    let line = tree.line(of: "input")
    if !net.inputShape.isEmpty && !net.inputDim.isEmpty {
      throw .unusableInput(
        reason: "has both input_shape and input_dim; give one of them",
        line: tree.line(of: "input_dim"))
    }
    let count = net.input.count
    let shapes: [InputShape]
    if !net.inputDim.isEmpty {
      guard net.inputDim.count == 4 * count else {
        throw .unusableInput(
          reason: "\(net.inputDim.count) input_dim for \(count) inputs; each needs four",
          line: tree.line(of: "input_dim"))
      }
      shapes = net.input.indices.map { index in
        .known(net.inputDim[4 * index..<4 * index + 4].map { Int($0) })
      }
    } else if net.inputShape.isEmpty {
      shapes = net.input.map { _ in .unknown(reason: "the description gives no shape") }
    } else {
      guard net.inputShape.count == count else {
        throw .unusableInput(
          reason: "\(net.inputShape.count) input_shape for \(count) inputs; each needs one",
          line: tree.line(of: "input_shape"))
      }
      shapes = net.inputShape.map { .known($0.dim.map { Int($0) }) }
    }
    for (blob, shape) in zip(net.input, shapes) {
      inputs.append(PendingInput(blob: blob, shape: shape, layer: "", line: line))
    }
  }

  /// Decodes the next layer.
  mutating func read(_ layer: PrototxtLayer) throws(CaffeModelError) {
    // Before all else, since the parameters of an unknown type are unknown too.
    let typeLine = layer.message.line(of: "type") ?? layer.line
    guard supportedLayerTypes.contains(layer.type) else {
      if layer.type.isEmpty {
        throw .unusableLayer(layer: layer.name, reason: "has no type", line: layer.line)
      }
      throw .unsupportedLayerType(layer: layer.name, type: layer.type, line: typeLine)
    }
    let message = try PrototxtChecks.decode(
      layer.message, as: Caffe_LayerParameter.self, layer: layer.name, line: layer.line)
    if message.hasPhase, (message.phase == .train) != (phase == .train) {
      throw .unusableLayer(
        layer: layer.name,
        reason: "is for another phase than \(phase.rawValue); use include to leave it out",
        line: layer.message.line(of: "phase"))
    }
    if DataLayers.types.contains(message.type) {
      try readInputs(of: message, layer)
    } else {
      try noteParameters(of: message, layer)
      decoded.append((message, layer))
    }
  }

  private mutating func readInputs(
    of message: Caffe_LayerParameter, _ layer: PrototxtLayer
  ) throws(CaffeModelError) {
    guard message.bottom.isEmpty else {
      throw .unusableLayer(
        layer: layer.name, reason: "has a bottom, though its type \(message.type) reads none",
        line: layer.message.line(of: "bottom"))
    }
    let shapes = try DataLayers.shapes(of: message, line: layer.line)
    for (blob, shape) in zip(message.top, shapes) {
      inputs.append(
        PendingInput(blob: blob, shape: shape, layer: layer.name, line: layer.line))
    }
    inputLayers.append(
      CaffeNetwork.InputLayer(
        name: layer.name, blobs: message.top, position: decoded.count))
  }

  /// Shared parameters are refused: two layers with one weight are not two weights of one value.
  private mutating func noteParameters(
    of message: Caffe_LayerParameter, _ layer: PrototxtLayer
  ) throws(CaffeModelError) {
    for name in message.param.map(\.name) where !name.isEmpty {
      if let owner = owners[name] {
        throw .unusableLayer(
          layer: layer.name,
          reason: "shares parameter '\(name)' with layer '\(owner)', which is not supported",
          line: layer.message.line(of: "param.name"))
      }
      owners[name] = layer.name
    }
    let rates = message.param.map(\.lrMult)
    if rates.count >= 2 || (rates.count == 1 && !hasBias(message)), rates.allSatisfy({ $0 == 0 }) {
      frozenLayers.insert(layer.name)
    }
  }

  private func hasBias(_ message: Caffe_LayerParameter) -> Bool {
    switch message.type {
    case "Convolution": message.convolutionParam.biasTerm
    case "InnerProduct": message.innerProductParam.biasTerm
    default: false
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
    for (message, source) in decoded {
      if let layer = try blobs.add(message, source) { layers.append(layer) }
    }
    if layers.isEmpty { throw .noLayers(reason: "the description has no layer that computes") }
    return (layers, blobs.automatic)
  }
}
