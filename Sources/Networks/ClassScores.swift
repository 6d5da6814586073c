extension Graph {
  /// Whether a value has a probability for each class: what a softmax over channels makes of one
  /// value per image and class.
  public func isClassProbabilities(_ id: ValueID) -> Bool {
    guard let producer = values[id].producer, hasOneValuePerClass(id),
      case .softmax(let spec) = nodes[producer].layer.spec
    else { return false }
    return spec.axis == 1
  }

  /// The output that tells how likely each class is: the only one of a softmax, or without any the
  /// only output, if it has one value per image and class. Nil where there is none, or a choice.
  public var classScores: ValueID? {
    let probabilities = outputs.filter(isClassProbabilities)
    if probabilities.count == 1 { return probabilities[0] }
    guard probabilities.isEmpty, outputs.count == 1, hasOneValuePerClass(outputs[0]) else {
      return nil
    }
    return outputs[0]
  }

  private func hasOneValuePerClass(_ id: ValueID) -> Bool {
    let shape = values[id].shape
    return shape.rank >= 2 && shape.count == shape.n * shape.c
  }
}
