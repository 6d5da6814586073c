/// A layer in today's syntax, whatever syntax the file has.
struct PrototxtLayer {
  var message: PrototxtMessage
  /// Where it begins; nil in a binary file.
  var line: Int?
  /// Another name, where a layer before has the same one.
  var uniqueName: String?

  init(message: PrototxtMessage, line: Int?) {
    self.message = message
    self.line = line
  }

  var name: String { message.scalar("name") ?? "" }
  var type: String { message.scalar("type") ?? "" }
  // Of a layer that has been checked.
  var describedName: String { message.text("name") ?? "" }
  var bottoms: [String] { message.texts("bottom") }
  var tops: [String] { message.texts("top") }
  var lossWeights: [Float] { message.floats("loss_weight") }
}

/// Brings the layers of a net into today's syntax, as Caffe's own upgrade does. Parameters that do not
/// belong to a layer's type are refused here; Caffe ignores them.
/// - Source: BVLC/caffe, src/caffe/util/upgrade_proto.cpp.
enum PrototxtUpgrade {
  /// The layers in the order of the file that are wanted; what the others are does not matter.
  static func layers(
    of net: PrototxtMessage,
    where isWanted: (PrototxtLayer) throws(CaffeModelError) -> Bool
  ) throws(CaffeModelError) -> [PrototxtLayer] {
    let today = net["layer"]
    let legacy = net["layers"]
    if let first = legacy.first, !today.isEmpty {
      throw .unusableLayer(
        layer: "", reason: "'layers' of the legacy syntax beside 'layer' of today's; use one",
        line: first.line)
    }
    if legacy.isEmpty {
      var layers: [PrototxtLayer] = []
      for field in today {
        let layer = try layer(field)
        if try isWanted(layer) { layers.append(layer) }
      }
      return layers
    }
    var entries: [PrototxtLayer] = []
    for field in legacy {
      let entry = try layer(field)
      // V1 has the same rules, V0 none.
      if try isWanted(entry) { entries.append(entry) }
    }
    if entries.contains(where: { !$0.message["layer"].isEmpty }) {
      return try PrototxtV0(entries: entries).upgraded()
    }
    var layers: [PrototxtLayer] = []
    for entry in entries { layers.append(try upgradedV1(entry)) }
    return layers
  }

  private static func layer(_ field: PrototxtField) throws(CaffeModelError) -> PrototxtLayer {
    guard let message = field.message else {
      throw .invalidValue(
        layer: "", parameter: field.name, value: field.unquoted ?? "", line: field.line)
    }
    return PrototxtLayer(message: message, line: field.line)
  }

  /// What V1 and today's syntax have in common.
  private static let sameInV1: Set<String> = [
    "name", "bottom", "top", "include", "exclude", "loss_weight", "transform_param", "loss_param",
    "accuracy_param", "concat_param", "convolution_param", "data_param", "dropout_param",
    "dummy_data_param", "eltwise_param", "hdf5_data_param", "image_data_param",
    "inner_product_param", "lrn_param", "memory_data_param", "pooling_param", "power_param",
    "relu_param", "sigmoid_param", "softmax_param", "tanh_param", "window_data_param",
  ]

  private static func upgradedV1(_ entry: PrototxtLayer) throws(CaffeModelError) -> PrototxtLayer {
    var fields: [PrototxtField] = []
    // Before all else, since the parameters of an unknown type are unknown too.
    if let field = entry.message["type"].last {
      // An enumeration: a name or a number, not a string.
      guard case .scalar(let word) = field.value, let type = typeOfV1(word) else {
        throw .unsupportedLayerType(
          layer: entry.name, type: field.unquoted ?? "{ … }", line: field.line)
      }
      fields.append(PrototxtField(name: "type", line: field.line, value: .scalar("\"\(type)\"")))
    }
    for field in entry.message.fields where !field.isEngine {
      switch field.name {
      case let name where sameInV1.contains(name): fields.append(field)
      case "type", "blobs_lr", "weight_decay", "param", "blob_share_mode": continue
      default:
        throw .unsupportedParameter(
          layer: entry.name, parameter: field.name, line: field.line)
      }
    }
    let parameters = parameterSpecs(
      of: entry.message,
      names: [
        ("param", "name"), ("blob_share_mode", "share_mode"), ("blobs_lr", "lr_mult"),
        ("weight_decay", "decay_mult"),
      ])
    return PrototxtLayer(
      message: PrototxtMessage(fields: fields + parameters), line: entry.line)
  }

  /// `param { … }` for each parameter from the lists that there were before.
  static func parameterSpecs(
    of message: PrototxtMessage, names: [(old: String, new: String)]
  ) -> [PrototxtField] {
    var specs: [PrototxtField] = []
    for (old, new) in names {
      for (index, field) in message[old].enumerated() {
        if specs.count <= index {
          specs.append(
            PrototxtField(name: "param", line: field.line, value: .message(PrototxtMessage())))
        }
        guard var spec = specs[index].message else { continue }
        spec.fields.append(field.renamed(new))
        specs[index].value = .message(spec)
      }
    }
    return specs
  }

  /// Today's name of a V1 type, given by name or by number; nil when it is not supported.
  static func typeOfV1(_ word: String) -> String? {
    guard
      case .enumeration(let numbers)? = Schema.caffe.message("V1LayerParameter").field("type")?.kind
    else { return nil }
    return LayerType.all.first { type in
      type.v1 == word || type.v1.flatMap { numbers[$0] }.map(String.init) == word
    }?.name
  }
}

/// The syntax before 2013: a layer inside a layer, all parameters side by side, and padding as a
/// layer of its own.
/// - Source: BVLC/caffe, src/caffe/util/upgrade_proto.cpp, `UpgradeV0LayerParameter` and
///   `UpgradeV0PaddingLayers`.
struct PrototxtV0 {
  /// As in the file: `bottom`, `top` and `layer`.
  let entries: [PrototxtLayer]

  /// Where a parameter goes, by the type of its layer.
  private static let destinations: [String: [String: (message: String, name: String)]] = {
    var table: [String: [String: (String, String)]] = [:]
    func add(_ types: [String], _ message: String, _ names: [String: String]) {
      for type in types {
        for (old, new) in names { table[type, default: [:]][old] = (message, new) }
      }
    }
    func same(_ names: String...) -> [String: String] {
      Dictionary(uniqueKeysWithValues: names.map { ($0, $0) })
    }
    let filled = same("num_output", "weight_filler", "bias_filler")
      .merging(["biasterm": "bias_term"]) { old, _ in old }
    let windowed = same("pad", "stride").merging(["kernelsize": "kernel_size"]) { old, _ in old }
    add(["conv"], "convolution_param", filled)
    add(["conv"], "convolution_param", windowed)
    add(["conv"], "convolution_param", same("group"))
    add(["innerproduct"], "inner_product_param", filled)
    add(["pool"], "pooling_param", windowed)
    add(["pool"], "pooling_param", same("pool"))
    add(["dropout"], "dropout_param", same("dropout_ratio"))
    add(["lrn"], "lrn_param", same("local_size", "alpha", "beta", "k"))
    add(["concat"], "concat_param", same("concat_dim"))
    let batched = same("source").merging(["batchsize": "batch_size"]) { old, _ in old }
    add(["data"], "data_param", batched)
    add(["data"], "data_param", same("rand_skip"))
    add(["hdf5_data"], "hdf5_data_param", batched)
    add(["images"], "image_data_param", batched)
    add(["images"], "image_data_param", same("rand_skip", "new_height", "new_width"))
    add(["images"], "image_data_param", ["shuffle_images": "shuffle"])
    add(["window_data"], "window_data_param", batched)
    add(
      ["window_data"], "window_data_param",
      [
        "det_fg_threshold": "fg_threshold", "det_bg_threshold": "bg_threshold",
        "det_fg_fraction": "fg_fraction", "det_context_pad": "context_pad",
        "det_crop_mode": "crop_mode",
      ])
    add(
      ["data", "images", "window_data", "hdf5_data"], "transform_param",
      [
        "scale": "scale", "meanfile": "mean_file", "cropsize": "crop_size", "mirror": "mirror",
      ])
    return table
  }()

  /// The layers in today's syntax, without padding layers.
  func upgraded() throws(CaffeModelError) -> [PrototxtLayer] {
    var layers: [PrototxtLayer] = []
    /// Padding layers that wrote a blob last, by that blob.
    var paddings: [String: PrototxtLayer] = [:]
    for entry in entries {
      let inner = try innerLayer(of: entry)
      let tops = entry.message["top"].compactMap(\.unquoted)
      if inner.scalar("type") == "padding" {
        guard entry.message["bottom"].count == 1, tops.count == 1 else {
          throw refused(entry, "a padding layer has one bottom and one top")
        }
        try refuseUnknown(in: inner, of: entry, besides: ["name", "type", "pad"])
        paddings[tops[0]] = entry
        continue
      }
      layers.append(try upgraded(entry, inner, paddings: paddings))
      for top in tops { paddings[top] = nil }
    }
    return layers
  }

  private func innerLayer(of entry: PrototxtLayer) throws(CaffeModelError) -> PrototxtMessage {
    for field in entry.message.fields
    where !["layer", "bottom", "top"].contains(field.name) && !field.isEngine {
      throw .unsupportedParameter(layer: "", parameter: field.name, line: field.line)
    }
    guard let inner = entry.message["layer"].last?.message else {
      throw .unusableLayer(
        layer: "", reason: "'layers' without a 'layer' inside, in a net of V0 syntax",
        line: entry.line)
    }
    return inner
  }

  private func upgraded(
    _ entry: PrototxtLayer, _ inner: PrototxtMessage, paddings: [String: PrototxtLayer]
  ) throws(CaffeModelError) -> PrototxtLayer {
    let name = inner.scalar("name") ?? ""
    let type = inner.scalar("type") ?? ""
    guard let newType = LayerType.all.first(where: { $0.v0 == type })?.name else {
      throw .unsupportedLayerType(
        layer: name, type: type, line: inner.line(of: "type") ?? entry.line)
    }
    let bottoms = entry.message["bottom"]
    let padding = bottoms.lazy.compactMap { $0.unquoted }.compactMap { paddings[$0] }.first
    var fields = entry.message["top"]
    var messages: [String: PrototxtMessage] = [:]
    for field in inner.fields where !field.isEngine {
      switch field.name {
      case "name": fields.append(field)
      case "type":
        fields.append(
          PrototxtField(name: "type", line: field.line, value: .scalar("\"\(newType)\"")))
      case "blobs_lr", "weight_decay": continue
      default:
        guard let (message, newName) = Self.destinations[type]?[field.name] else {
          throw .unsupportedParameter(layer: name, parameter: field.name, line: field.line)
        }
        messages[message, default: PrototxtMessage()].fields.append(field.renamed(newName))
      }
    }
    fields += PrototxtUpgrade.parameterSpecs(
      of: inner, names: [("blobs_lr", "lr_mult"), ("weight_decay", "decay_mult")])
    if let padding {
      guard type == "conv" || type == "pool", bottoms.count == 1 else {
        throw refused(
          entry, "reads a padding layer, which only a convolution or a pooling layer can")
      }
      // The padding of the layer in front replaces this one's own, as in Caffe.
      let key = type == "conv" ? "convolution_param" : "pooling_param"
      var message = messages[key] ?? PrototxtMessage()
      message.fields.removeAll { $0.name == "pad" }
      let pad = try innerLayer(of: padding)["pad"].last
      if let pad { message.fields.append(pad) }
      messages[key] = message
      fields += padding.message["bottom"]
    } else {
      fields += bottoms
    }
    for (name, message) in messages.sorted(by: { $0.key < $1.key }) {
      let line = message.fields.first?.line ?? entry.line ?? 0
      fields.append(PrototxtField(name: name, line: line, value: .message(message)))
    }
    return PrototxtLayer(message: PrototxtMessage(fields: fields), line: entry.line)
  }

  private func refuseUnknown(
    in message: PrototxtMessage, of entry: PrototxtLayer, besides known: Set<String>
  ) throws(CaffeModelError) {
    for field in message.fields where !known.contains(field.name) {
      throw .unsupportedParameter(
        layer: message.scalar("name") ?? "", parameter: field.name, line: field.line)
    }
  }

  private func refused(_ entry: PrototxtLayer, _ reason: String) -> CaffeModelError {
    let name = entry.message["layer"].last?.message?.scalar("name") ?? ""
    return .unusableLayer(layer: name, reason: reason, line: entry.line)
  }
}
