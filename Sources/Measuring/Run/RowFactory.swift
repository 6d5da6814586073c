import Execution
import Networks
import Results
import Tensors

/// Builds rows of a run.
struct RowFactory {
  var runID: String
  var options: RunOptions

  func key(_ place: WorkloadPlace, _ contender: Contender) -> WorkloadKey {
    place.key(runID: runID, backend: contender.backend.name, isa: contender.isa)
  }

  private static let command = "alexbench run"

  /// A command of ``repro(_:_:pass:)`` with another one in place of `alexbench run`.
  static func repro(_ text: String, by command: String) -> String {
    text.hasPrefix(Self.command) ? command + text.dropFirst(Self.command.count) : text
  }

  /// The command that measures one row alone, as `sh` reads it.
  /// - Parameter pass: that of the place when absent.
  func repro(_ place: WorkloadPlace, _ contender: Contender, pass: Pass? = nil) -> String {
    var words: [String] = []
    if let problem = place.problem {
      words += ["--problem", problem.description]
    } else {
      words += ["--network", ListText.escaped(place.network)] + place.description.arguments
    }
    if place.node != nil { words += ["--layer", ListText.escaped(place.layer)] }
    if place.direction != .forward { words += ["--direction", place.direction.rawValue] }
    if place.allGradients, place.problem == nil, place.direction == .backwardData {
      words.append("--all-gradients")
    }
    words += ["--backend", contender.backend.name, "--isa", contender.kernels.rawValue]
    words += ["--batch", "\(place.batch)", "--threads", "\(place.threads)"]
    words += ["--pass", (pass ?? place.pass).rawValue, "--seed", "\(options.seed)"]
    if place.cache != .warm { words += ["--cache", place.cache.rawValue] }
    if !options.cpus.isEmpty {
      words += ["--cpus", options.cpus.map(String.init).joined(separator: ",")]
    }
    for slowDown in options.slowDowns { words += ["--slow-down", slowDown.description] }
    for program in options.programs { words += ["--program", program.text] }
    for (name, path) in options.customBLAS.sorted(by: { $0.key < $1.key }) {
      words += ["--blas", "\(name)=\(path)"]
    }
    return Self.command + " " + ShellText.command(words)
  }

  /// Geometry and cost of every layer and of the net itself.
  func layers(of graph: Graph) -> [LayerRow] {
    func shapes(_ values: [Graph.ValueID]) -> String {
      values.map { graph.values[$0].shape.description }.joined(separator: " ")
    }
    let rows = graph.nodes.map { node in
      row(
        graph, index: node.layerIndex, layer: node.layer.name, stage: node.stage,
        kind: node.layer.spec.kind, direction: node.direction, input: shapes(node.inputs),
        output: shapes(node.outputs), problem: graph.problem(of: node), cost: graph.cost(of: node))
    }
    let net = row(
      graph, index: -1, layer: "net", stage: "net", kind: .network, input: shapes(graph.inputs),
      output: shapes(graph.outputs), problem: "", cost: graph.totalCost)
    return rows + [net]
  }

  private func row(
    _ graph: Graph, index: Int, layer: String, stage: String, kind: LayerKind,
    direction: Direction = .forward, input: String, output: String, problem: String, cost: Cost
  ) -> LayerRow {
    var row = LayerRow(
      runID: runID, network: graph.networkName, layerIndex: index, layer: layer, stage: stage,
      kind: kind.rawValue, batch: graph.batch, inputShape: input, outputShape: output,
      problem: problem, multiplyAdds: cost.multiplyAdds, flops: cost.flops,
      parameters: cost.parameters, inputBytes: cost.inputBytes, outputBytes: cost.outputBytes,
      weightBytes: cost.weightBytes)
    row.direction = direction
    return row
  }
}
