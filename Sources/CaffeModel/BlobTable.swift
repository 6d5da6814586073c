import Networks
import Tensors

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
  private mutating func withAutomaticTop(_ message: Caffe_LayerParameter) -> Caffe_LayerParameter {
    guard message.top.isEmpty, ["SoftmaxWithLoss", "EuclideanLoss"].contains(message.type) else {
      return message
    }
    var name = message.name
    while shapes[name] != nil || aliases[name] != nil { name += "_loss" }
    automatic.insert(name)
    var copy = message
    copy.top = [name]
    return copy
  }

  /// Checks a layer and notes what it writes.
  /// - Returns: nil for Split, which only gives a blob other names.
  mutating func add(
    _ given: Caffe_LayerParameter, _ source: PrototxtLayer
  ) throws(CaffeModelError) -> Layer? {
    let message = withAutomaticTop(given)
    func refused(_ reason: String, _ field: String = "") -> CaffeModelError {
      .unusableLayer(
        layer: source.name, reason: reason,
        line: source.message.line(of: field) ?? source.line)
    }
    guard names.insert(message.name).inserted else {
      throw refused("there is another layer of that name", "name")
    }
    var bottoms: [String] = []
    var bottomShapes: [Shape] = []
    for blob in message.bottom {
      let name = aliases[blob] ?? blob
      guard let shape = shapes[name] else {
        throw refused("reads blob '\(blob)', which no layer before it writes", "bottom")
      }
      bottoms.append(name)
      bottomShapes.append(shape)
    }
    for (index, blob) in message.top.enumerated() {
      // In place is the top with the name and the position of a bottom (net.cpp, AppendTop).
      let isInPlace = index < message.bottom.count && message.bottom[index] == blob
      guard isInPlace || (shapes[blob] == nil && aliases[blob] == nil) else {
        throw refused("writes blob '\(blob)', which another layer writes already", "top")
      }
      if isInPlace, aliases.values.contains(blob) {
        throw refused("writes blob '\(blob)' after a Split layer has shared it", "top")
      }
      if message.top[..<index].contains(blob) { throw refused("writes '\(blob)' twice", "top") }
    }
    if message.type == "Split" {
      guard bottoms.count == 1, !message.top.isEmpty, !message.top.contains(message.bottom[0])
      else { throw refused("Split needs one bottom and other tops") }
      for blob in message.top { aliases[blob] = bottoms[0] }
      return nil
    }
    let spec = try LayerParameters(message: message, source: source).spec()
    let layer = Layer(name: message.name, spec: spec, bottoms: bottoms, tops: message.top)
    let tops: [Shape]
    do {
      tops = try layer.outputShapes(of: bottomShapes)
    } catch {
      guard case .unusableShape(_, let reason) = error else { throw .network(error) }
      throw refused(reason)
    }
    guard tops.count == message.top.count else {
      throw refused("has \(message.top.count) tops where its type makes \(tops.count)", "top")
    }
    for (blob, shape) in zip(message.top, tops) {
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
