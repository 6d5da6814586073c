import SwiftProtobuf

/// What protobuf's own parser would refuse, found with line and name.
enum PrototxtChecks {
  /// Fields that may stand several times in any message of a net.
  private static let repeated: Set<String> = [
    "layers", "input", "input_dim", "input_shape", "bottom", "top", "param", "include", "exclude",
    "loss_weight", "propagate_down", "blobs_lr", "weight_decay", "blob_share_mode", "stage",
    "not_stage", "mean_value", "coeff", "data_filler", "dim",
  ]
  /// Fields of which one kind of message may have several.
  private static let repeatedIn: [String: Set<String>] = [
    "": ["layer"],
    "convolution_param": ["pad", "kernel_size", "stride", "dilation"],
    "input_param": ["shape"],
    "dummy_data_param": ["shape", "num", "channels", "height", "width"],
  ]
  /// Fields of the outermost message that only a solver has.
  private static let solverFields: Set<String> = [
    "net", "train_net", "test_net", "net_param", "train_net_param", "test_net_param", "base_lr",
    "max_iter", "lr_policy", "solver_mode", "solver_type", "snapshot", "snapshot_prefix",
    "test_iter", "test_interval", "momentum", "random_seed", "iter_size",
  ]

  /// - Parameter name: of the field that holds the message; empty for the net itself.
  static func refuseDuplicates(
    in message: PrototxtMessage, named name: String = "", layer: String = ""
  ) throws(CaffeModelError) {
    var seen: Set<String> = []
    for field in message.fields {
      let isRepeated =
        repeated.contains(field.name) || repeatedIn[name]?.contains(field.name) == true
      guard isRepeated || seen.insert(field.name).inserted else {
        throw .unusableLayer(
          layer: layer, reason: "'\(field.name)' is given twice; only one can count",
          line: field.line)
      }
      guard let inner = field.message else { continue }
      let isLayer = field.name == "layer" || field.name == "layers"
      try refuseDuplicates(
        in: inner, named: field.name,
        layer: isLayer
          ? inner.scalar("name") ?? inner["layer"].last?.message?.scalar("name") ?? layer : layer)
    }
  }

  /// A solver, whose fields a net could not have, is told from a net with a wrong field.
  static func refuseSolver(_ net: PrototxtMessage) throws(CaffeModelError) {
    guard net["layer"].isEmpty, net["layers"].isEmpty,
      net.fields.contains(where: { solverFields.contains($0.name) })
    else { return }
    let named = net.scalar("net") ?? net.scalar("train_net")
    let hint = named.map { "; the net that it trains is '\($0)'" } ?? ""
    throw .notANet(reason: "this is the description of a solver, not of a net\(hint)")
  }

  /// Decodes a message. When that fails each field is tried alone, since the decoder does not say
  /// which one it stumbled over.
  static func decode<M: Message>(
    _ message: PrototxtMessage, as type: M.Type, layer: String, line: Int?
  ) throws(CaffeModelError) -> M {
    do {
      return try M(textFormatString: message.text)
    } catch {
      try probe(message, as: type, layer: layer, path: [])
      throw .unusableLayer(layer: layer, reason: "cannot be read (\(error))", line: line)
    }
  }

  private static func probe<M: Message>(
    _ message: PrototxtMessage, as type: M.Type, layer: String, path: [String]
  ) throws(CaffeModelError) {
    for field in message.fields {
      let leaf: String
      switch field.value {
      case .scalar(let value): leaf = "\(field.name): \(value)"
      case .message: leaf = "\(field.name) {}"
      }
      let text =
        path.map { "\($0) { " }.joined() + leaf + String(repeating: " }", count: path.count)
      let parameter = (path + [field.name]).joined(separator: ".")
      do {
        _ = try M(textFormatString: text)
      } catch TextFormatDecodingError.unknownField {
        throw .unsupportedParameter(layer: layer, parameter: parameter, line: field.line)
      } catch {
        throw .invalidValue(
          layer: layer, parameter: parameter, value: field.unquoted ?? "{ … }", line: field.line)
      }
      if let inner = field.message {
        try probe(inner, as: type, layer: layer, path: path + [field.name])
      }
    }
  }
}
