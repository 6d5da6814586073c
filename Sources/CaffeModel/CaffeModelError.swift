/// What is wrong with a Caffe file, one sentence each.
public enum CaffeModelError: Error, Equatable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  /// Not the binary format of a caffemodel.
  case notAModel(path: String, reason: String)
  /// The text is not in protobuf's text format.
  case syntax(line: Int, reason: String)
  /// `layers { … }` of before 2014 (V1), or nested as before 2013 (V0).
  case legacySyntax(version: String, file: String)
  case noLayers(file: String)
  case unsupportedLayerType(layer: String, type: String, line: Int)
  /// A field that is not known here, or that is known but can't be honoured.
  case unsupportedParameter(layer: String, parameter: String, line: Int)
  case invalidValue(layer: String, parameter: String, value: String, line: Int)
  case unusableLayer(layer: String, reason: String)
  case unusableInput(reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read '\(path)': \(reason)"
    case .notAModel(let path, let reason):
      "'\(path)' is not a caffemodel that can be read: \(reason)"
    case .syntax(let line, let reason): "prototxt line \(line): \(reason)"
    case .legacySyntax(let version, let file):
      "\(file) is in Caffe's legacy \(version) format ('layers'); convert it with Caffe's "
        + "upgrade_net_proto_text or upgrade_net_proto_binary"
    case .noLayers(let file): "\(file) describes no layer; is it a net and not a solver?"
    case .unsupportedLayerType(let layer, let type, let line):
      "prototxt line \(line): layer '\(layer)' has type '\(type)', which is not supported; "
        + "supported are \(supportedLayerTypes.joined(separator: ", "))"
    case .unsupportedParameter(let layer, let parameter, let line):
      "prototxt line \(line): \(subject(layer))parameter '\(parameter)' is not supported; "
        + "remove it if a forward pass does not need it"
    case .invalidValue(let layer, let parameter, let value, let line):
      "prototxt line \(line): \(subject(layer))'\(value)' is no possible value of '\(parameter)'"
    case .unusableLayer(let layer, let reason): "layer '\(layer)': \(reason)"
    case .unusableInput(let reason): "network input: \(reason)"
    }
  }

  private func subject(_ layer: String) -> String { layer.isEmpty ? "" : "layer '\(layer)': " }
}

/// Caffe's names of the layer types that can be imported.
let supportedLayerTypes = [
  "Input", "Convolution", "ReLU", "Pooling", "LRN", "InnerProduct", "Dropout", "Softmax",
]
