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

  private static let types: [String: String] = [
    "accuracy": "Accuracy", "concat": "Concat", "conv": "Convolution", "data": "Data",
    "dropout": "Dropout", "euclidean_loss": "EuclideanLoss", "flatten": "Flatten",
    "hdf5_data": "HDF5Data", "images": "ImageData", "innerproduct": "InnerProduct", "lrn": "LRN",
    "pool": "Pooling", "relu": "ReLU", "sigmoid": "Sigmoid", "softmax": "Softmax",
    "softmax_loss": "SoftmaxWithLoss", "split": "Split", "tanh": "TanH",
    "window_data": "WindowData",
  ]

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
    for field in entry.message.fields where !["layer", "bottom", "top"].contains(field.name) {
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
    guard let newType = Self.types[type] else {
      throw .unsupportedLayerType(
        layer: name, type: type, line: inner.line(of: "type") ?? entry.line)
    }
    let bottoms = entry.message["bottom"]
    let padding = bottoms.lazy.compactMap { $0.unquoted }.compactMap { paddings[$0] }.first
    var fields = entry.message["top"]
    var messages: [String: PrototxtMessage] = [:]
    for field in inner.fields {
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
