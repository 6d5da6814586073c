import Networks
import Results

/// A graph with its weights and inputs for a program that knows nothing of this one's catalogs: what
/// there is to compute is here, the numbers in a file beside.
package struct ProgramModel: Codable, Hashable, Sendable {
  /// Where a tensor begins in ``file``: row-major, little-endian float32.
  package struct Place: Codable, Hashable, Sendable {
    package var byteOffset: Int
    package var shape: [Int]
  }

  /// One version of a blob.
  package struct Value: Codable, Hashable, Sendable {
    package var blob: String
    package var shape: [Int]
    /// The contents of an input of the graph.
    package var input: Place?
  }

  /// One layer.
  package struct Node: Codable, Hashable, Sendable {
    package var layer: String
    /// As in the `kind` column.
    package var kind: String
    /// Indices into ``values``.
    package var inputs: [Int]
    package var outputs: [Int]
    package var parameters: [String: LayerParameter]
    package var weight: Place?
    package var bias: Place?
  }

  package var network: String
  /// Is there until `prepare` is answered.
  package var file: String
  /// Copies of the weights that take turns, one call each, so that every call finds its weights in
  /// memory; 1 for weights that stay where they are.
  package var weightCopies: Int
  package var values: [Value]
  package var nodes: [Node]
  /// Indices into ``values``.
  package var inputs: [Int]
  package var outputs: [Int]
}
