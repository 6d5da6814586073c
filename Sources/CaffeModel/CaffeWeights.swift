import Networks
import Tensors

/// The weights in a caffemodel – today's, V1 or V0 –, found by layer name, as Caffe's
/// `Net::CopyTrainedLayersFrom` does.
///
/// Only names and shapes are read at first; the values of a layer go straight from the file into
/// its tensors when they are asked for. Layers of the file that the network lacks are ignored; a
/// layer of the network that the file lacks, or whose blobs have another shape, is an error that
/// names it.
package struct CaffeWeights: WeightSource {
  private let path: String
  private let source: ByteSource
  private let layers: [StoredLayer]
  private let indices: [String: Int]

  /// - Parameter path: a caffemodel.
  /// - Throws: ``CaffeModelError``: the file can't be read or is not a caffemodel.
  package init(contentsOf path: String) throws(CaffeModelError) {
    try self.init(try ByteSource(path: path), path: path)
  }

  /// Reads the bytes of a caffemodel.
  /// - Parameter name: of the file, for errors.
  package init(bytes: [UInt8], named name: String) throws(CaffeModelError) {
    try self.init(ByteSource(bytes: bytes), path: name)
  }

  private init(_ source: ByteSource, path: String) throws(CaffeModelError) {
    self.path = path
    self.source = source
    do throws(WireError) {
      layers = try WeightIndex.layers(of: source)
    } catch {
      throw .notAModel(path: path, reason: error.reason)
    }
    if layers.isEmpty { throw .notAModel(path: path, reason: "it holds no layer") }
    var indices: [String: Int] = [:]
    for (index, layer) in layers.enumerated() where !layer.blobs.isEmpty {
      guard indices.updateValue(index, forKey: layer.name) == nil else {
        throw .notAModel(path: path, reason: "it holds two layers named '\(layer.name)'")
      }
    }
    self.indices = indices
  }

  /// Names of the layers that have weights, sorted.
  package var layerNames: [String] { indices.keys.sorted() }

  /// What becomes of a layer of the file.
  package struct Match: Hashable, Sendable {
    package var layer: String
    /// Whether the network has a layer of that name; otherwise it is ignored.
    package var isCopied: Bool

    /// The line that Caffe logs.
    package var description: String {
      "\(isCopied ? "Copying" : "Ignoring") source layer \(layer)"
    }
  }

  /// What becomes of each layer of the file, in its order.
  package func matches(in net: CaffeNetwork) -> [Match] {
    let names = Set(net.network.layers.map(\.name) + net.inputLayers.map(\.name))
    return layers.map { Match(layer: $0.name, isCopied: names.contains($0.name)) }
  }

  /// Holds all shapes against those that a network needs, before anything is read.
  /// - Throws: a layer whose weights are missing or have another shape.
  package func validate(for graph: Graph) throws(NetworkError) {
    for node in graph.nodes { _ = try storedBlobs(of: node, in: graph) }
  }

  package func weights(of node: Graph.Node, in graph: Graph) throws(NetworkError) -> LayerWeights? {
    let name = node.layer.name
    let stored = try storedBlobs(of: node, in: graph)
    var tensors: [Tensor] = []
    for (blob, shape) in stored {
      let tensor = Tensor(shape)
      do throws(WireError) {
        try blob.read(from: source, into: tensor.buffer.elements)
      } catch {
        throw .weights(layer: name, reason: "'\(path)': \(error.reason)")
      }
      tensors.append(tensor)
    }
    guard let weight = tensors.first else { return nil }
    return LayerWeights(weight: weight, bias: tensors.count > 1 ? tensors[1] : nil)
  }

  /// The blobs of a layer with the shapes that the network needs, checked.
  private func storedBlobs(
    of node: Graph.Node, in graph: Graph
  ) throws(NetworkError) -> [(StoredBlob, Shape)] {
    let name = node.layer.name
    let stored = indices[name].map { layers[$0].blobs }
    guard let shapes = graph.weightShapes(of: node) else {
      guard let stored else { return [] }
      throw .weights(
        layer: name,
        reason: "'\(path)' has \(stored.count) blobs where the layer's kind has none")
    }
    guard let stored else {
      throw .weights(layer: name, reason: "'\(path)' has none under that name")
    }
    let wanted = [shapes.weight] + (shapes.bias.map { [$0] } ?? [])
    guard stored.count == wanted.count else {
      throw .weights(
        layer: name, reason: "'\(path)' has \(stored.count) blobs where \(wanted.count) are needed")
    }
    for (blob, shape) in zip(stored, wanted) {
      let found = blob.dimensions.map(String.init).joined(separator: "x")
      guard blob.matches(shape) else {
        throw .weights(
          layer: name, reason: "'\(path)' has a blob of shape \(found) where \(shape) is needed")
      }
      guard blob.count == shape.count else {
        throw .weights(
          layer: name, reason: "'\(path)' has \(blob.count) values in a blob of shape \(found)")
      }
    }
    return Array(zip(stored, wanted))
  }
}
