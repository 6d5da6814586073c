import Networks
import Tensors

/// A blob of a net that tells which of several values is the largest: an accuracy, or the mask of a
/// pooling. Where two values are as good as equal, rounding decides, and either answer is right.
struct Choice {
  /// Largest distance, relative to the largest value, of values that are as good as equal.
  private let tieLimit: Double
  private let node: Graph.Node
  private let graph: Graph
  private let isSecond: Bool

  /// Nil for any other blob.
  /// - Parameter limit: relative error that a blob of the net may have; ten times that is a tie.
  init?(of value: Graph.ValueID, in graph: Graph, limit: Double) {
    tieLimit = 10 * limit
    guard let producer = graph.values[value].producer else { return nil }
    node = graph.nodes[producer]
    self.graph = graph
    isSecond = node.outputs.last == value && node.outputs.count == 2
    switch node.layer.spec {
    case .accuracy: break
    case .pooling: if !isSecond { return nil }
    default: return nil
    }
  }

  /// What is wrong with the blob, or nil.
  /// - Parameter reference: one array per value of the graph.
  func refusal(of got: [Float], against reference: [[Double]]) -> String? {
    let inputs = node.inputs.map { reference[$0] }
    switch node.layer.spec {
    case .accuracy(let spec): return accuracy(spec, got, scores: inputs[0], labels: inputs[1])
    default: return mask(got, want: reference[node.outputs[1]], of: inputs[0])
    }
  }

  private func margin(_ values: [Double]) -> Double {
    tieLimit * values.reduce(0) { max($0, abs($1)) }
  }

  private func mask(_ got: [Float], want: [Double], of input: [Double]) -> String? {
    let shape = graph.inputShape(of: node)
    let plane = shape.h * shape.w
    let output = graph.outputShape(of: node)
    let margin = margin(input)
    for index in got.indices where Double(got[index]) != want[index] {
      let first = index / (output.h * output.w) * plane
      guard let position = Int(exactly: got[index]), (0..<plane).contains(position),
        want[index] >= 0,
        input[first + position] >= input[first + Int(want[index])] - margin
      else { return "position \(index) is \(got[index]) instead of \(want[index])" }
    }
    return nil
  }

  private func accuracy(
    _ spec: AccuracySpec, _ got: [Float], scores: [Double], labels: [Double]
  ) -> String? {
    let shape = graph.inputShape(of: node)
    let classes = shape.dimensions[spec.axis]
    let inner = shape.count(of: spec.axis + 1..<shape.rank)
    let margin = margin(scores)
    // Labels that count for sure, and those that may, by class.
    var sure = [Double](repeating: 0, count: classes)
    var possible = sure
    var counts = sure
    for (place, value) in labels.enumerated() {
      let label = Int(exactly: value.rounded(.towardZero)) ?? .min
      if label == spec.ignoredLabel { continue }
      func score(_ label: Int) -> Double {
        scores[(place / inner * classes + label) * inner + place % inner]
      }
      let rivals = (0..<classes).filter { $0 != label }
      guard counts.indices.contains(label) else { return "label \(value) is no class" }
      counts[label] += 1
      if rivals.count(where: { score($0) >= score(label) - margin }) < spec.topK {
        sure[label] += 1
      }
      if rivals.count(where: { score($0) > score(label) + margin }) < spec.topK {
        possible[label] += 1
      }
    }
    func total(_ values: [Double]) -> [Double] { isSecond ? values : [values.reduce(0, +)] }
    let limits = zip(total(counts), zip(total(sure), total(possible)))
    for (index, (count, (least, most))) in limits.enumerated() {
      let rounding = 1e-6
      let range = least / max(count, 1) - rounding...most / max(count, 1) + rounding
      if !range.contains(Double(got[index])) {
        return "share \(index) is \(got[index]), outside \(range.lowerBound) to "
          + "\(range.upperBound)"
      }
    }
    return nil
  }
}
