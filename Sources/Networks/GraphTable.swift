import Tensors

extension Graph {
  /// A table of the layers: a head, a row for each layer, a row of sums.
  ///
  /// Columns: layer, type, kernel, shape of the first output, parameters, multiply-adds, and memory
  /// of outputs and parameters; an in-place layer writes into memory that is counted already.
  public var table: [[String]] {
    var rows = [["layer", "type", "kernel", "output", "parameters", "multiply-adds", "memory"]]
    for input in inputs {
      let value = values[input]
      rows.append(
        [value.blob, "input", "", "\(value.shape)", "0", "0", Self.size(value.shape.byteCount)])
    }
    var sums = (
      parameters: 0, multiplyAdds: 0, bytes: inputs.reduce(0) { $0 + values[$1].shape.byteCount }
    )
    for node in nodes {
      let cost = cost(of: node)
      let newTops = node.outputs.filter { !node.layer.bottoms.contains(values[$0].blob) }
      let bytes = newTops.reduce(cost.weightBytes) { $0 + values[$1].shape.byteCount }
      rows.append([
        node.layer.name, node.layer.spec.kind.rawValue, node.layer.spec.kernelText,
        "\(outputShape(of: node))", "\(cost.parameters)", "\(cost.multiplyAdds)",
        Self.size(bytes),
      ])
      sums.parameters += cost.parameters
      sums.multiplyAdds += cost.multiplyAdds
      sums.bytes += bytes
    }
    rows.append(
      ["sum", "", "", "", "\(sums.parameters)", "\(sums.multiplyAdds)", Self.size(sums.bytes)])
    return rows
  }

  /// In units of 1000, with three digits or more.
  private static func size(_ byteCount: Int) -> String {
    func text(_ unit: Int, _ name: String) -> String {
      let tenths = (byteCount * 10 + unit / 2) / unit
      return "\(tenths / 10).\(tenths % 10) \(name)"
    }
    switch byteCount {
    case ..<1_000: return "\(byteCount) B"
    case ..<1_000_000: return text(1_000, "kB")
    case ..<1_000_000_000: return text(1_000_000, "MB")
    default: return text(1_000_000_000, "GB")
    }
  }
}
