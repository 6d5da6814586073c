import ArgumentParser
import CaffeModel
import Execution
import Kernels
import Measuring
import Networks

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List backends, networks, layers, instruction sets or counters.",
    discussion: """
      EXAMPLES
        alexbench list backends
        alexbench list layers --network caffenet
        alexbench list counters
      """)

  enum Catalog: String, ExpressibleByArgument, CaseIterable {
    case backends, networks, layers, isas, counters
  }

  @Argument(help: "backends, networks, layers, isas or counters.")
  var catalog: Catalog

  @Option(help: "Networks whose layers to list.")
  var network = [NetworkList(["alexnet"])]

  @OptionGroup var reading: NetworkArguments

  @Option(
    name: .customLong("blas"),
    help: ArgumentHelp("Add a CBLAS library as backend im2col-NAME.", valueName: "NAME=PATH"))
  var libraries: [NamedPath] = []

  func run() throws {
    try AlexExit.reporting {
      switch catalog {
      case .backends: listBackends()
      case .networks:
        printColumns(NetworkCatalog.entries.map { [$0.name, $0.summary] })
      case .layers: try listLayers()
      case .counters: printColumns(counterList())
      case .isas:
        printColumns(
          InstructionSet.allCases.map { isa in
            let isBest = isa == InstructionSet.best
            let state =
              isa.isUsable ? (isBest ? "usable, best" : "usable") : "not on this processor"
            return [isa.rawValue, state]
          })
      }
    }
  }

  private func listBackends() {
    let backends = makeBackends(libraries.paths)
    printColumns(
      backends.map { backend in
        guard let unavailability = backend.unavailability else {
          return [backend.name, "available", backend.summary]
        }
        return [backend.name, "unavailable", "\(unavailability)"]
      })
  }

  private func listLayers() throws {
    for name in network.names {
      let graph = try resolveNetwork(name, options: ImportOptions(reading.description, batch: 1))
        .network.graph()
      print("\(name)")
      printColumns(
        graph.nodes.map { node in
          [
            "  \(node.layer.name)", node.layer.spec.kind.rawValue,
            "\(graph.inputShape(of: node)) -> \(graph.outputShape(of: node))",
            "\(graph.cost(of: node).multiplyAdds) multiply-adds",
          ]
        })
    }
  }
}

/// Prints rows as aligned columns.
/// - Parameter rightAligned: columns of numbers.
func printColumns(_ rows: [[String]], rightAligned: Set<Int> = []) {
  let count = rows.map(\.count).max() ?? 0
  let widths = (0..<count).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  for row in rows {
    let fields = row.enumerated().map { column, field in
      let blanks = String(repeating: " ", count: widths[column] - field.count)
      if rightAligned.contains(column) { return blanks + field }
      return column == row.count - 1 ? field : field + blanks
    }
    print(fields.joined(separator: "  "))
  }
}
