import Foundation
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

  /// Writes the description.
  package static func write(_ network: Network, to path: String) throws(CaffeModelError) {
    let file = try OutputFile(path: path)
    try file.write(Array(prototxt(of: network).utf8))
    try file.finish()
  }

  /// Writes a caffemodel: each layer's description with its weights, packed float32 with shapes.
  ///
  /// Layer by layer, so that no more than one layer's weights are in memory.
  package static func writeWeights(
    of network: Network, from source: any WeightSource, to path: String
  ) throws(CaffeModelError) {
    let graph: Graph
    do {
      graph = try network.graph()
    } catch {
      throw .network(error)
    }
    let file = try OutputFile(path: path)
    do throws(CaffeModelError) {
      try file.write(WireWriter.head(1, count: network.name.utf8.count) + Array(network.name.utf8))
      for layer in inputLayers(of: network) { try write(layer, blobs: [], to: file) }
      for node in graph.nodes {
        let weights: LayerWeights?
        do {
          weights = try source.weights(of: node, in: graph)
        } catch {
          throw .network(error)
        }
        let blobs = weights.map { [$0.weight] + ($0.bias.map { [$0] } ?? []) } ?? []
        // As it was imported, not with its axes counted from the front.
        try write(PrototxtMessage(network.layers[node.layerIndex]), blobs: blobs, to: file)
      }
      try file.finish()
    } catch {
      file.discard()
      throw error
    }
  }

  private static func write(
    _ layer: PrototxtMessage, blobs: [Tensor], to file: OutputFile
  ) throws(CaffeModelError) {
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

/// A file that is written from beginning to end.
final class OutputFile {
  let path: String
  private var file: UnsafeMutablePointer<FILE>?

  init(path: String) throws(CaffeModelError) {
    self.path = path
    file = fopen(path, "wb")
    if file == nil { throw failure }
  }

  deinit { if let file { fclose(file) } }

  func write(_ bytes: [UInt8]) throws(CaffeModelError) {
    var failure: CaffeModelError?
    bytes.withUnsafeBytes { buffer in
      do throws(CaffeModelError) { try write(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  func write(_ buffer: UnsafeRawBufferPointer) throws(CaffeModelError) {
    guard let file, let base = buffer.baseAddress, buffer.count > 0 else { return }
    guard fwrite(base, 1, buffer.count, file) == buffer.count else { throw failure }
  }

  /// Closes the file; a full disk may show only now.
  func finish() throws(CaffeModelError) {
    guard let file else { return }
    self.file = nil
    if fclose(file) != 0 { throw failure }
  }

  /// Closes and removes a file that is not complete.
  func discard() {
    if let file { fclose(file) }
    file = nil
    remove(path)
  }

  private var failure: CaffeModelError {
    .cannotWrite(path: path, reason: String(cString: strerror(errno)))
  }
}
