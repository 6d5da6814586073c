/// What a node of a graph computes for its layer.
///
/// Networks from the catalog and from files consist of `forward` nodes. A training graph is an
/// ordinary graph with nodes of the other directions as well.
public enum Direction: String, Codable, Hashable, Sendable, CaseIterable {
  /// The layer's outputs from its inputs.
  case forward
  /// The gradients of its inputs from those of its outputs.
  case backwardData = "backward_data"
  /// The gradients of its parameters from those of its outputs.
  case backwardWeights = "backward_weights"
  /// New parameters from their gradients.
  case update
}
