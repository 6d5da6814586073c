import Networks
import Tensors

/// What a person wants to see of a network's outputs.
public enum OutputSummary {
  /// A line or two for each output: the five largest of each image of a softmax, the value of a
  /// scalar, the range of any other blob.
  public static func lines(of blobs: [BlobForward.Blob], in graph: Graph) -> [String] {
    let outputs = Set(graph.outputs)
    return blobs.filter { outputs.contains($0.value) }.flatMap { lines(of: $0, in: graph) }
  }

  private static func lines(of blob: BlobForward.Blob, in graph: Graph) -> [String] {
    if blob.shape.count == 1, blob.shape.rank == 0 { return ["\(blob.name): \(blob.values[0])"] }
    if graph.isClassProbabilities(blob.value) {
      let classes = blob.shape.c
      return (0..<blob.shape.n).map { image in
        let best = largest(5, of: blob.values[image * classes..<(image + 1) * classes])
        return "\(blob.name), image \(image): "
          + best.map { "\($0.index): \($0.value)" }.joined(separator: ", ")
      }
    }
    let least = blob.values.min() ?? .nan
    let most = blob.values.max() ?? .nan
    return ["\(blob.name): \(blob.shape), from \(least) to \(most)"]
  }
}
