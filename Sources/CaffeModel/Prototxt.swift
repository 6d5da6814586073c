import Networks
import SwiftProtobuf
import Tensors

/// Reads a Caffe network description (a deploy prototxt in the current `layer { … }` syntax).
///
/// Everything that would change the result is either understood or refused: a layer type, a
/// parameter or a value that is not known here is an error that names it, with its line. What only
/// concerns training or the choice of an implementation (`param`, fillers, `engine`) is skipped.
/// - Throws: ``CaffeModelError``.
/// - Source: BVLC/caffe, src/caffe/proto/caffe.proto.
public func network(fromPrototxt text: String) throws(CaffeModelError) -> Network {
  let fields = try PrototxtScanner.fields(of: text)
  try refuseLegacySyntax(fields)
  let names = layerNames(in: fields)
  try refuseUnknownTypes(fields, names: names)
  let message = try decode(text, fields: fields, names: names)

  var inputs = try netInputs(of: message)
  var layers: [Layer] = []
  for layer in message.layer {
    if layer.type == "Input" {
      inputs += try layerInputs(of: layer)
    } else {
      layers.append(
        Layer(name: layer.name, spec: try layer.spec(), bottoms: layer.bottom, tops: layer.top))
    }
  }
  if layers.isEmpty { throw .noLayers(file: "the prototxt") }
  return Network(name: message.name, inputs: inputs, layers: layers)
}

private func refuseLegacySyntax(_ fields: [PrototxtField]) throws(CaffeModelError) {
  guard fields.contains(where: { $0.path[0] == "layers" }) else { return }
  let isNested = fields.contains { $0.path.starts(with: ["layers", "layer"]) }
  throw .legacySyntax(version: isNested ? "V0" : "V1", file: "the prototxt")
}

/// Names of the layers by the number of their entry in the file.
private func layerNames(in fields: [PrototxtField]) -> [Int: String] {
  var names: [Int: String] = [:]
  for field in fields where field.path == ["layer", "name"] { names[field.entry] = field.unquoted }
  return names
}

/// Before all else, since the parameters of an unknown type are unknown too.
private func refuseUnknownTypes(
  _ fields: [PrototxtField], names: [Int: String]
) throws(CaffeModelError) {
  for field in fields where field.path == ["layer", "type"] {
    if let type = field.unquoted, !supportedLayerTypes.contains(type) {
      throw .unsupportedLayerType(layer: names[field.entry] ?? "", type: type, line: field.line)
    }
  }
}

private func decode(
  _ text: String, fields: [PrototxtField], names: [Int: String]
) throws(CaffeModelError) -> Caffe_NetParameter {
  do {
    return try Caffe_NetParameter(textFormatString: text)
  } catch {
    // The decoder doesn't say which field it stumbled over, so it is asked about each.
    for field in fields {
      do {
        _ = try Caffe_NetParameter(textFormatString: field.isolated)
      } catch TextFormatDecodingError.unknownField {
        throw .unsupportedParameter(
          layer: names[field.entry] ?? "", parameter: field.parameter, line: field.line)
      } catch {
        throw .invalidValue(
          layer: names[field.entry] ?? "", parameter: field.parameter,
          value: field.value ?? "{ … }", line: field.line)
      }
    }
    throw .syntax(line: 1, reason: "the text format is not valid (\(error))")
  }
}

extension PrototxtField {
  /// The path as an error names it, without the outermost `layer`.
  fileprivate var parameter: String {
    (path.count > 1 && path[0] == "layer" ? Array(path.dropFirst()) : path)
      .joined(separator: ".")
  }
}

/// Inputs declared by `input:` with `input_shape` or, older, four `input_dim` each.
private func netInputs(of net: Caffe_NetParameter) throws(CaffeModelError) -> [Network.Input] {
  let names = net.input
  if !net.inputShape.isEmpty && !net.inputDim.isEmpty {
    throw .unusableInput(reason: "has both input_shape and input_dim; give one of them")
  }
  let shapes: [[Int]]
  if !net.inputDim.isEmpty {
    guard net.inputDim.count == 4 * names.count else {
      throw .unusableInput(
        reason: "\(net.inputDim.count) input_dim for \(names.count) inputs; each needs four")
    }
    shapes = names.indices.map { index in
      net.inputDim[4 * index..<4 * index + 4].map { Int($0) }
    }
  } else {
    guard net.inputShape.count == names.count else {
      throw .unusableInput(
        reason: "\(net.inputShape.count) input_shape for \(names.count) inputs; each needs one")
    }
    shapes = net.inputShape.map { $0.dim.map { Int($0) } }
  }
  var inputs: [Network.Input] = []
  for (name, shape) in zip(names, shapes) { inputs.append(try input(blob: name, shape: shape)) }
  return inputs
}

/// Inputs declared by a layer of type `Input`: a shape for each top, or one for all.
private func layerInputs(
  of layer: Caffe_LayerParameter
) throws(CaffeModelError) -> [Network.Input] {
  let shapes = layer.inputParam.shape.map { $0.dim.map { Int($0) } }
  guard !shapes.isEmpty, shapes.count == 1 || shapes.count == layer.top.count else {
    throw .unusableLayer(
      layer: layer.name,
      reason: "has \(shapes.count) shapes for \(layer.top.count) tops; give one, or one for each")
  }
  var inputs: [Network.Input] = []
  for (index, top) in layer.top.enumerated() {
    inputs.append(try input(blob: top, shape: shapes.count == 1 ? shapes[0] : shapes[index]))
  }
  return inputs
}

private func input(blob: String, shape: [Int]) throws(CaffeModelError) -> Network.Input {
  // Each axis fits a 32-bit count and so does the product, as in Caffe's Blob::Reshape.
  var count = 1
  var isPossible = !shape.isEmpty
  for extent in shape {
    guard extent >= 1, extent <= Int(Int32.max) / count else {
      isPossible = false
      break
    }
    count *= extent
  }
  guard isPossible else {
    let text = shape.map(String.init).joined(separator: "x")
    throw .unusableInput(reason: "'\(blob)' has the impossible shape '\(text)'")
  }
  return Network.Input(blob: blob, shape: Shape(shape))
}
