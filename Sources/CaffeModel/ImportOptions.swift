import Networks
import Tensors

/// The shape of an array for an input of a network.
package struct GivenShape: Hashable, Sendable {
  /// The input's blob; nil for the first one that no other array is for.
  package var blob: String?
  package var shape: Shape
  package init(blob: String? = nil, shape: Shape) {
    self.blob = blob
    self.shape = shape
  }
}

/// What a description leaves open.
package struct ImportOptions: Sendable {
  package var state = NetState()
  /// Shapes of inputs, in place of those in the description.
  package var shapes: [GivenShape] = []
  /// Whether every input must be among ``shapes``: there is an array for each.
  package var givesEveryInput = false
  /// Images, in place of the first axis of every input; nil for the description's own.
  package var batch: Int?

  package init(state: NetState = NetState(), shapes: [GivenShape] = [], batch: Int? = nil) {
    self.state = state
    self.shapes = shapes
    self.batch = batch
  }
}

extension CaffeNetwork {
  /// The inputs that arrays would be for.
  /// - Parameter names: the input that each array names; nil for the first that no other is for.
  /// - Returns: an input for each of them.
  /// - Throws: a name that the network does not have, or has one array too many for.
  package func inputs(for names: [String?]) throws(CaffeModelError) -> [Network.Input] {
    let given = names.map { GivenShape(blob: $0, shape: .scalar) }
    let blobs = try assign(given, to: network.inputs.map(\.blob))
    return blobs.compactMap { blob in network.inputs.first { $0.blob == blob } }
  }
}

/// Finds the input that each given shape is for.
/// - Returns: one blob for each of `given`.
func assign(
  _ given: [GivenShape], to blobs: [String]
) throws(CaffeModelError) -> [String] {
  let list = blobs.joined(separator: ", ")
  var free = blobs
  for name in given.compactMap(\.blob) {
    guard blobs.contains(name) else {
      throw .inputAssignment(reason: "the net has no input '\(name)'; it has \(list)")
    }
    guard let index = free.firstIndex(of: name) else {
      throw .inputAssignment(reason: "input '\(name)' is given twice")
    }
    free.remove(at: index)
  }
  var assigned: [String] = []
  for shape in given {
    if let name = shape.blob {
      assigned.append(name)
    } else {
      guard !free.isEmpty else {
        throw .inputAssignment(
          reason: "\(given.count) inputs are given; the net has \(blobs.count): \(list)")
      }
      assigned.append(free.removeFirst())
    }
  }
  return assigned
}
