import Tensors

/// One layer of a network: a name, what it computes, and the blobs it reads and writes.
///
/// As in Caffe, a top with the name of a bottom is an in-place layer.
public struct Layer: Hashable, Sendable {
  /// Unique in its network.
  public var name: String
  /// The name that the description gives it, where a layer before has that one already; nil where it
  /// is ``name``.
  public var sharedName: String?
  public var spec: LayerSpec
  public var bottoms: [String]
  public var tops: [String]

  public init(name: String, spec: LayerSpec, bottoms: [String], tops: [String]) {
    self.name = name
    self.spec = spec
    self.bottoms = bottoms
    self.tops = tops
  }

  /// The name in Caffe's files.
  public var describedName: String { sharedName ?? name }
}

/// A network description, as a prototxt holds it: inputs and layers in topological order.
///
/// Shapes belong to the ``Graph`` that ``graph(batch:)`` resolves for a batch size.
public struct Network: Hashable, Sendable {
  public struct Input: Hashable, Sendable {
    public var blob: String
    /// The default batch size stands on the first axis.
    public var shape: Shape
    public init(blob: String, shape: Shape) {
      self.blob = blob
      self.shape = shape
    }
  }

  public var name: String
  public var inputs: [Input]
  public var layers: [Layer]

  public init(name: String, inputs: [Input], layers: [Layer]) {
    self.name = name
    self.inputs = inputs
    self.layers = layers
  }

  /// Resolves blobs and shapes.
  /// - Parameter batch: images; nil keeps the description's own.
  /// - Throws: a missing blob, a shape a layer can't take, a batch below 1, sizes beyond any machine.
  public func graph(batch: Int? = nil) throws(NetworkError) -> Graph {
    try Graph(network: self, batch: batch)
  }
}

/// What is wrong with a network, one sentence each.
public enum NetworkError: Error, Equatable, CustomStringConvertible {
  case unknownBlob(layer: String, blob: String)
  case duplicateLayer(String)
  case unusableShape(layer: String, reason: String)
  case batch(Int)
  /// There is nothing to go back from.
  case noLoss
  /// A blob, weights or work beyond what any machine holds.
  case tooLarge(what: String, reason: String)
  case unknownLayer(String, known: [String])
  case weights(layer: String, reason: String)

  public var description: String {
    switch self {
    case .unknownBlob(let layer, let blob):
      "layer '\(layer)' reads blob '\(blob)', which no layer before it writes"
    case .duplicateLayer(let name): "two layers are named '\(name)'"
    case .unusableShape(let layer, let reason): "layer '\(layer)': \(reason)"
    case .batch(let batch): "batch size \(batch) is not possible; it must be at least 1"
    case .noLoss:
      "the network has no loss, so that there is no gradient to begin with; take its description for "
        + "training, or give the gradient of an output"
    case .tooLarge(let what, let reason): "\(what): \(reason)"
    case .unknownLayer(let name, let known):
      "no layer '\(name)'; the network has \(known.joined(separator: ", "))"
    case .weights(let layer, let reason): "weights of layer '\(layer)': \(reason)"
    }
  }
}
