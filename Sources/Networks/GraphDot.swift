extension Graph {
  /// The data flow in the language of Graphviz: a box for each stage with its layers, an arrow for
  /// each blob that goes from one to another.
  public var dot: String {
    var lines = [
      "digraph \(Self.quoted(networkName)) {", "  rankdir=TB;", "  node [shape=box];",
    ]
    for input in inputs {
      let value = values[input]
      lines.append(
        "  \(Self.quoted("input " + value.blob)) [shape=ellipse, label=\(Self.quoted(value.blob))];"
      )
    }
    var stages: [String] = []
    var layers: [String: [String]] = [:]
    for node in nodes {
      if layers[node.stage] == nil { stages.append(node.stage) }
      layers[node.stage, default: []].append(node.layer.name)
    }
    for stage in stages {
      let label = (layers[stage] ?? []).map(Self.escaped).joined(separator: "\\n")
      lines.append("  \(Self.quoted(stage)) [label=\"\(label)\"];")
    }
    var seen: Set<String> = []
    for node in nodes {
      for input in node.inputs {
        let value = values[input]
        let source = value.producer.map { nodes[$0].stage } ?? "input " + value.blob
        guard source != node.stage else { continue }
        let label = Self.escaped(value.blob) + "\\n" + "\(value.shape)"
        let line =
          "  \(Self.quoted(source)) -> \(Self.quoted(node.stage)) [label=\"\(label)\"];"
        if seen.insert(line).inserted { lines.append(line) }
      }
    }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  private static func escaped(_ text: String) -> String {
    text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }.map(String.init).joined()
  }

  private static func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }
}
