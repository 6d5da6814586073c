/// A layer in today's syntax, whatever syntax the file has.
struct PrototxtLayer {
  var message: PrototxtMessage
  /// Where it begins; nil in a binary file.
  var line: Int?

  var name: String { message.scalar("name") ?? "" }
  var type: String { message.scalar("type") ?? "" }
}

/// Brings the layers of a net into today's syntax, as Caffe's own upgrade does, but for parameters
/// that do not belong to a layer's type: Caffe goes on without them, here they are refused.
/// - Source: BVLC/caffe, src/caffe/util/upgrade_proto.cpp.
enum PrototxtUpgrade {
  /// The layers in the order of the file.
  static func layers(of net: PrototxtMessage) throws(CaffeModelError) -> [PrototxtLayer] {
    let today = net["layer"]
    let legacy = net["layers"]
    if let first = legacy.first, !today.isEmpty {
      throw .unusableLayer(
        layer: "", reason: "'layers' of the legacy syntax beside 'layer' of today's; use one",
        line: first.line)
    }
    if legacy.isEmpty {
      var layers: [PrototxtLayer] = []
      for field in today { layers.append(try layer(field)) }
      return layers
    }
    var entries: [PrototxtLayer] = []
    for field in legacy { entries.append(try layer(field)) }
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
    for field in entry.message.fields {
      switch field.name {
      case let name where sameInV1.contains(name): fields.append(field)
      case "blobs_lr", "weight_decay", "param", "blob_share_mode": continue
      case "type":
        // An enumeration: a name or a number, not a string.
        guard case .scalar(let word) = field.value, let type = typeOfV1(word) else {
          throw .unsupportedLayerType(
            layer: entry.name, type: field.unquoted ?? "{ … }", line: field.line)
        }
        fields.append(
          PrototxtField(name: "type", line: field.line, value: .scalar("\"\(type)\"")))
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
  private static func typeOfV1(_ word: String) -> String? {
    typesOfV1.first { $0.name == word || "\($0.number)" == word }?.today
  }

  private static let typesOfV1: [(number: Int, name: String, today: String)] = [
    (1, "ACCURACY", "Accuracy"), (3, "CONCAT", "Concat"), (4, "CONVOLUTION", "Convolution"),
    (5, "DATA", "Data"), (6, "DROPOUT", "Dropout"), (7, "EUCLIDEAN_LOSS", "EuclideanLoss"),
    (8, "FLATTEN", "Flatten"), (9, "HDF5_DATA", "HDF5Data"), (12, "IMAGE_DATA", "ImageData"),
    (14, "INNER_PRODUCT", "InnerProduct"), (15, "LRN", "LRN"), (17, "POOLING", "Pooling"),
    (18, "RELU", "ReLU"), (19, "SIGMOID", "Sigmoid"), (20, "SOFTMAX", "Softmax"),
    (21, "SOFTMAX_LOSS", "SoftmaxWithLoss"), (22, "SPLIT", "Split"), (23, "TANH", "TanH"),
    (24, "WINDOW_DATA", "WindowData"), (25, "ELTWISE", "Eltwise"), (26, "POWER", "Power"),
    (29, "MEMORY_DATA", "MemoryData"), (32, "DUMMY_DATA", "DummyData"),
  ]
}
