import CaffeModel
import Foundation
import Networks
import Tensors

/// The files in Tests/Golden; see the README there.
package enum Golden {
  /// Tests/Golden of the source tree that this was compiled from.
  package static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Golden")

  /// Largest relative error of a blob of a network.
  package static let networkTolerance = 1e-5
  /// The same where convolutions use a fast algorithm; the README says why.
  package static let fastNetworkTolerance = 3e-5
  /// Largest relative error of a layer alone.
  package static let layerTolerance = 5e-6
  /// Largest relative error of a gradient in a network.
  package static let gradientTolerance = 2e-5

  /// The text of a file.
  package static func text(_ path: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
  }

  /// An array.
  package static func array(_ path: String) throws -> GoldenArray {
    try GoldenArray(npy: folder.appendingPathComponent(path))
  }

  /// All networks that blobs are there of.
  package static let networks = [
    GoldenNetwork(name: "mini-caffenet", file: "mini-caffenet/deploy.prototxt", hasLoss: true),
    GoldenNetwork(
      name: "mini-alexnet", file: "mini-alexnet/deploy.prototxt", inputFolder: "mini-caffenet"),
    GoldenNetwork(name: "mini-googlenet", file: "mini-googlenet/net.prototxt", hasLoss: true),
    GoldenNetwork(name: "lenet", file: "prototxt/lenet.prototxt", hasLoss: true),
    GoldenNetwork(name: "cifar10_quick", file: "prototxt/cifar10_quick.prototxt", hasLoss: true),
  ]

  /// All cases in `layers`, in order of their names. Fails loudly when the folder is not there,
  /// since tests over no cases would pass.
  package static let layers: [GoldenLayer] = {
    let path = folder.appendingPathComponent("layers").path
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path), !names.isEmpty
    else { fatalError("no golden layers in \(path)") }
    return names.sorted().map(GoldenLayer.init)
  }()
}

/// A network with the blobs that Caffe computed.
package struct GoldenNetwork: Sendable, CustomStringConvertible {
  /// Folder in Tests/Golden.
  package let name: String
  /// Its description in Tests/Golden.
  let file: String
  /// Where its input lies.
  let inputFolder: String
  package var description: String { name }

  /// Whether there are labels and the loss that Caffe computed with them.
  package let hasLoss: Bool

  init(name: String, file: String, inputFolder: String? = nil, hasLoss: Bool = false) {
    self.name = name
    self.file = file
    self.inputFolder = inputFolder ?? name
    self.hasLoss = hasLoss
  }

  /// The description, imported from its prototxt.
  package func network() throws -> Network {
    try CaffeModel.network(fromPrototxt: Golden.text(file))
  }

  /// Resolved for the batch size of the data.
  package func graph() throws -> Graph { try network().graph(batch: input().shape.n) }

  package func weights() throws -> CaffeWeights {
    let url = Golden.folder.appendingPathComponent("\(name)/weights.caffemodel")
    return try CaffeWeights(contentsOf: url.path)
  }

  package func input() throws -> GoldenArray {
    try Golden.array("\(inputFolder)/blobs/data.npy")
  }

  /// The same network with labels and a loss instead of its softmax.
  package func lossGraph() throws -> Graph {
    try CaffeModel.network(fromPrototxt: Golden.text("\(name)/train.prototxt"))
      .graph(batch: input().shape.n)
  }

  /// What ``lossGraph()`` reads: the images and the labels.
  package func lossInputs() throws -> [GoldenArray] {
    [try input(), try Golden.array("\(name)/label.npy")]
  }

  /// What it makes of them.
  package func loss() throws -> GoldenArray { try Golden.array("\(name)/loss.npy") }

  /// Gradients that Caffe computed for ``lossGraph()``, by the name of the value that has them.
  /// - Parameter folder: `grads` for parameters, `diffs` for blobs.
  package func gradients(in folder: String) throws -> [String: GoldenArray] {
    let path = Golden.folder.appendingPathComponent("\(name)/\(folder)").path
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    var arrays: [String: GoldenArray] = [:]
    for file in files.sorted() {
      let value = file.dropLast(".npy".count).replacingOccurrences(of: "__", with: "/")
      arrays[value] = try Golden.array("\(name)/\(folder)/\(file)")
    }
    return arrays
  }

  /// A blob after the whole forward pass.
  package func blob(_ blob: String) throws -> GoldenArray {
    let file = blob.replacingOccurrences(of: "/", with: "__")
    return try Golden.array("\(name)/blobs/\(file).npy")
  }

  /// Names of all blobs that Caffe computed, sorted.
  package func blobNames() throws -> [String] {
    let path = Golden.folder.appendingPathComponent("\(name)/blobs").path
    return try FileManager.default.contentsOfDirectory(atPath: path)
      .filter { $0.hasSuffix(".npy") && $0 != "data.npy" }
      .map { $0.dropLast(4).replacingOccurrences(of: "__", with: "/") }.sorted()
  }
}

/// One layer with its inputs, weights and results.
package struct GoldenLayer: Sendable, CustomStringConvertible {
  /// Folder in Tests/Golden/layers.
  package let name: String
  package var description: String { name }

  /// A network of this one layer.
  package func graph() throws -> Graph {
    try network(fromPrototxt: Golden.text("layers/\(name)/net.prototxt")).graph()
  }

  package func inputs() throws -> [GoldenArray] { try arrays("bottom") }
  package func outputs() throws -> [GoldenArray] { try arrays("top") }

  /// The weights, from the case's arrays.
  package func weights() throws -> GoldenLayerWeights {
    GoldenLayerWeights(tensors: try arrays("param").map(\.tensor))
  }

  /// What a loss, or whoever reads the first top, gives as its gradient; nil for a case without backward.
  package func topGradient() throws -> GoldenArray? { try array("top0_diff") }
  /// The gradients of bottoms by position, and of weight and bias.
  package func gradients(of kind: String) throws -> [Int: GoldenArray] {
    var arrays: [Int: GoldenArray] = [:]
    for position in 0..<4 { arrays[position] = try array("\(kind)\(position)_diff") }
    return arrays
  }

  private func array(_ file: String) throws -> GoldenArray? {
    let path = "layers/\(name)/\(file).npy"
    let url = Golden.folder.appendingPathComponent(path)
    return FileManager.default.fileExists(atPath: url.path) ? try Golden.array(path) : nil
  }

  /// The files `<kind>0.npy`, `<kind>1.npy`, …
  private func arrays(_ kind: String) throws -> [GoldenArray] {
    var arrays: [GoldenArray] = []
    while true {
      let path = "layers/\(name)/\(kind)\(arrays.count).npy"
      let file = Golden.folder.appendingPathComponent(path).path
      guard FileManager.default.fileExists(atPath: file) else { return arrays }
      arrays.append(try Golden.array(path))
    }
  }
}

/// The weights of a single-layer case, whatever the layer's name.
package struct GoldenLayerWeights: WeightSource {
  let tensors: [Tensor]

  package func weights(of node: Graph.Node, in graph: Graph) throws(NetworkError) -> LayerWeights? {
    guard let shapes = graph.weightShapes(of: node) else { return nil }
    let wanted = [shapes.weight] + (shapes.bias.map { [$0] } ?? [])
    guard tensors.map(\.shape) == wanted else {
      throw .weights(
        layer: node.layer.name, reason: "the case has \(tensors.map(\.shape)), not \(wanted)")
    }
    return LayerWeights(weight: tensors[0], bias: tensors.count > 1 ? tensors[1] : nil)
  }
}
