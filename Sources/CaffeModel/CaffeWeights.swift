import Foundation
import Networks
import SwiftProtobuf
import Tensors

/// The weights in a caffemodel, found by layer name, as Caffe's `Net::CopyTrainedLayersFrom` does.
///
/// Layers of the file that the network lacks are ignored; a layer of the network that the file
/// lacks, or whose blobs have another shape, is an error that names it.
public struct CaffeWeights: WeightSource {
  private struct Blob: Sendable {
    var dimensions: [Int]
    var values: [Float]
  }

  private let path: String
  private let blobs: [String: [Blob]]

  /// - Parameter path: a caffemodel in the current format (`layer`, not legacy `layers`).
  /// - Throws: ``CaffeModelError``: the file can't be read or is not a caffemodel.
  public init(contentsOf path: String) throws(CaffeModelError) {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw .unreadable(path: path, reason: (error as NSError).localizedDescription)
    }
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    let net: Caffe_NetParameter
    do {
      net = try Caffe_NetParameter(serializedBytes: data, options: options)
    } catch {
      throw .notAModel(path: path, reason: "it is damaged or another kind of file (\(error))")
    }
    if net.layer.isEmpty && !net.layers.isEmpty {
      throw .legacySyntax(version: "V1", file: "'\(path)'")
    }
    if net.layer.isEmpty { throw .notAModel(path: path, reason: "it holds no layer") }

    var blobs: [String: [Blob]] = [:]
    for layer in net.layer where !layer.blobs.isEmpty {
      guard blobs[layer.name] == nil else {
        throw .notAModel(path: path, reason: "it holds two layers named '\(layer.name)'")
      }
      blobs[layer.name] = layer.blobs.map { Blob(dimensions: $0.dimensions, values: $0.data) }
    }
    self.path = path
    self.blobs = blobs
  }

  /// Names of the layers that have weights, sorted.
  public var layerNames: [String] { blobs.keys.sorted() }

  public func weights(of node: Graph.Node, in graph: Graph) throws(NetworkError) -> LayerWeights? {
    guard let shapes = graph.weightShapes(of: node) else { return nil }
    let name = node.layer.name
    guard let blobs = blobs[name] else {
      throw .weights(layer: name, reason: "'\(path)' has none under that name")
    }
    let wanted = [shapes.weight] + (shapes.bias.map { [$0] } ?? [])
    guard blobs.count == wanted.count else {
      throw .weights(
        layer: name, reason: "'\(path)' has \(blobs.count) blobs where \(wanted.count) are needed")
    }
    var tensors: [Tensor] = []
    for (blob, shape) in zip(blobs, wanted) {
      let found = blob.dimensions.map(String.init).joined(separator: "x")
      guard Self.paddedToFour(blob.dimensions) == Self.paddedToFour(shape.dimensions) else {
        throw .weights(
          layer: name, reason: "'\(path)' has a blob of shape \(found) where \(shape) is needed")
      }
      guard blob.values.count == shape.count else {
        throw .weights(
          layer: name,
          reason: "'\(path)' has \(blob.values.count) float values in a blob of shape \(found)")
      }
      tensors.append(Tensor(shape, values: blob.values))
    }
    return LayerWeights(weight: tensors[0], bias: tensors.count > 1 ? tensors[1] : nil)
  }

  /// Legacy blobs always have four axes: 1×1×1×K for a bias, 1×1×K×C for an inner product.
  private static func paddedToFour(_ dimensions: [Int]) -> [Int] {
    Array(repeating: 1, count: max(0, 4 - dimensions.count)) + dimensions
  }
}

extension Caffe_BlobProto {
  /// The shape, or the four legacy axes.
  fileprivate var dimensions: [Int] {
    if hasShape { return shape.dim.map { Int($0) } }
    return [num, channels, height, width].map { Int($0) }
  }
}
