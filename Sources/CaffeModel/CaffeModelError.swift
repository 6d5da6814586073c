import Networks
import Tensors

/// What is wrong with a Caffe file, one sentence each.
package enum CaffeModelError: Error, Equatable, CustomStringConvertible {
  case missing(path: String)
  case unreadable(path: String, reason: String)
  case cannotWrite(path: String, reason: String)
  /// Not the binary format of a caffemodel.
  case notAModel(path: String, reason: String)
  /// Not a blob in a file of its own, as means are.
  case notABlob(path: String, reason: String)
  /// Larger than a description can sensibly be.
  case tooLarge(byteCount: Int, limit: Int)
  /// The text is not in protobuf's text format.
  case syntax(line: Int, reason: String)
  /// The binary form of a description is damaged.
  case damaged(reason: String)
  /// A Caffe file of another kind.
  case notANet(reason: String)
  case noLayers(reason: String)
  case unsupportedLayerType(layer: String, type: String, line: Int?)
  /// A field that is not known here, or that is known but can't be honoured.
  case unsupportedParameter(layer: String, parameter: String, line: Int?)
  case invalidValue(layer: String, parameter: String, value: String, line: Int?)
  case unusableLayer(layer: String, reason: String, line: Int?)
  /// A layer reads what nothing before it writes.
  case missingBlob(layer: String, blob: String, reason: String, line: Int?)
  case unusableInput(reason: String, line: Int?)
  /// An array or a shape was given for an input that the net does not have, or none for one that it
  /// has.
  case inputAssignment(reason: String)
  case network(NetworkError)
  /// One of the above, with the file that it is about.
  indirect case inFile(path: String, CaffeModelError)

  package var description: String { oneLine(sentence(source: nil)) }

  /// - Parameter source: the file, or nil for a text.
  private func sentence(source: String?) -> String {
    let source = source.map { "'\($0)'" } ?? "prototxt"
    func at(_ line: Int?) -> String { line.map { "\(source) line \($0): " } ?? "\(source): " }
    switch self {
    case .missing(let path): return "there is no file '\(path)'"
    case .unreadable(let path, let reason): return "cannot read '\(path)': \(reason)"
    case .cannotWrite(let path, let reason): return "cannot write '\(path)': \(reason)"
    case .notAModel(let path, let reason):
      return "'\(path)' is not a caffemodel that can be read: \(reason)"
    case .notABlob(let path, let reason):
      return "'\(path)' is not a mean that can be read (a BlobProto or .npy): \(reason)"
    case .tooLarge(let byteCount, let limit):
      return "\(at(nil))\(byteCount) bytes are too much for the description of a net; at most "
        + "\(limit) are read, and weights belong into a caffemodel"
    case .syntax(let line, let reason): return at(line) + reason
    case .damaged(let reason):
      return "\(at(nil))not a net: as text it is binary, and as a binary net \(reason)"
    case .notANet(let reason), .noLayers(let reason), .inputAssignment(let reason):
      return at(nil) + reason
    case .unsupportedLayerType(let layer, let type, let line):
      return "\(at(line))layer '\(layer)' has type '\(type)', which is not supported; "
        + "supported are \(LayerType.all.map(\.name).joined(separator: ", "))"
    case .unsupportedParameter(let layer, let parameter, let line):
      return "\(at(line))\(subject(layer))parameter '\(parameter)' is not supported; "
        + "remove it if a forward pass does not need it"
    case .invalidValue(let layer, let parameter, let value, let line):
      return "\(at(line))\(subject(layer))'\(value)' is not a valid value of '\(parameter)'"
    case .unusableLayer(let layer, let reason, let line):
      return "\(at(line))\(subject(layer))\(reason)"
    case .missingBlob(let layer, let blob, let reason, let line):
      return "\(at(line))\(subject(layer))reads blob '\(blob)', \(reason)"
    case .unusableInput(let reason, let line): return "\(at(line))network input: \(reason)"
    case .network(let error): return at(nil) + error.description
    case .inFile(let path, let error): return error.sentence(source: path)
    }
  }

  private func subject(_ layer: String) -> String { layer.isEmpty ? "" : "layer '\(layer)': " }
}
