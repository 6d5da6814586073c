import Files
import Networks
import Tensors

/// Writes networks and weights as files that Caffe reads.
package enum CaffeExport {
  /// The description of a network in today's syntax, with an Input layer for each input.
  package static func prototxt(of network: Network) -> String {
    let layers = inputLayers(of: network) + network.layers.map { PrototxtMessage($0) }
    return PrototxtMessage(net: network.name, layers: layers).text(as: Schema.net)
  }

  /// An input takes its blob's name, or another one when a layer has it.
  private static func inputLayers(of network: Network) -> [PrototxtMessage] {
    var names = Set(network.layers.map(\.name))
    return network.inputs.map { input in
      var name = input.blob
      while !names.insert(name).inserted { name += "_input" }
      return PrototxtMessage(input, named: name)
    }
  }

  /// Writes the description; the file appears whole or not at all.
  package static func write(_ network: Network, to path: String) throws(CaffeModelError) {
    let text = prototxt(of: network)
    try onFile { () throws(FilesError) in try WholeFile.write(text, to: path) }
  }

  /// Writes a caffemodel: each layer's description with its weights, packed float32 with shapes.
  ///
  /// Layer by layer, so that no more than one layer's weights are in memory. The file appears whole
  /// or not at all.
  package static func writeWeights(
    of network: Network, from source: any WeightSource, to path: String
  ) throws(CaffeModelError) {
    let graph: Graph
    do {
      graph = try network.graph()
    } catch {
      throw .network(error)
    }
    for node in graph.nodes where node.layer.sharedName != nil && node.layer.spec.hasWeights {
      throw .unusableLayer(
        layer: node.layer.describedName,
        reason: "a layer before has that name too, and a caffemodel has weights for the first of a "
          + "name only; give them different names", line: nil)
    }
    let file = try onFile { () throws(FilesError) in
      let file = try WholeFile(path: path)
      try file.write(WireWriter.head(1, count: network.name.utf8.count) + Array(network.name.utf8))
      for layer in inputLayers(of: network) { try write(layer, blobs: [], to: file) }
      return file
    }
    for node in graph.nodes {
      let weights: LayerWeights?
      do {
        weights = try source.weights(of: node, in: graph)
      } catch {
        throw .network(error)
      }
      let blobs = weights.map { [$0.weight] + ($0.bias.map { [$0] } ?? []) } ?? []
      // As it was imported, not with its axes counted from the front.
      let layer = PrototxtMessage(network.layers[node.layerIndex])
      try onFile { () throws(FilesError) in try write(layer, blobs: blobs, to: file) }
    }
    try onFile { () throws(FilesError) in try file.finish() }
  }

  private static func write(
    _ layer: PrototxtMessage, blobs: [Tensor], to file: WholeFile
  ) throws(FilesError) {
    let description = layer.bytes(as: Schema.layer)
    let heads = blobs.map { blob -> [UInt8] in
      let axes = blob.shape.dimensions.flatMap { WireWriter.varint(UInt64($0)) }
      let dimensions = WireWriter.head(1, count: axes.count) + axes
      return WireWriter.head(7, count: dimensions.count) + dimensions
        + WireWriter.head(5, count: blob.shape.byteCount)
    }
    let blobCounts = zip(heads, blobs).map { $0.count + $1.shape.byteCount }
    let blobHeads = blobCounts.map { WireWriter.head(7, count: $0) }
    let count = description.count + zip(blobHeads, blobCounts).reduce(0) { $0 + $1.0.count + $1.1 }
    try file.write(WireWriter.head(100, count: count) + description)
    for (index, blob) in blobs.enumerated() {
      try file.write(blobHeads[index] + heads[index])
      try file.write(UnsafeRawBufferPointer(blob.buffer.elements))
    }
  }
}

/// Does something with a file; what fails is an error of this module.
private func onFile<Value>(
  _ body: () throws(FilesError) -> Value
) throws(CaffeModelError) -> Value {
  do throws(FilesError) { return try body() } catch {
    switch error {
    case .cannotWrite(let path, let reason): throw .cannotWrite(path: path, reason: reason)
    case .cannotRead(let path, let reason): throw .unreadable(path: path, reason: reason)
    }
  }
}
