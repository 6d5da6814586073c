import ArgumentParser
import CaffeModel
import Measuring
import Networks
import Tensors

/// What a description leaves open.
struct NetworkArguments: ParsableArguments {
  @Option(help: "Caffe's phase for include and exclude rules: TEST or TRAIN.")
  var phase = NetState.Phase.test

  @Option(help: "Caffe's level for these rules.")
  var level = 0

  @Option(help: "Caffe's stage for these rules; may be repeated.")
  var stage: [String] = []

  var state: NetState { NetState(phase: phase, level: level, stages: Set(stage)) }
}

/// `NAME=N,C,H,W`, or a shape alone.
struct ShapeArgument: ExpressibleByArgument {
  var given: GivenShape

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let words = parts[parts.count - 1].split(separator: ",", omittingEmptySubsequences: false)
    let axes = words.compactMap { Int($0) }.filter { $0 >= 1 }
    guard axes.count == words.count, parts.count == 1 || !parts[0].isEmpty else { return nil }
    given = GivenShape(blob: parts.count == 2 ? String(parts[0]) : nil, shape: Shape(axes))
  }
}

/// `NAME=PATH`, or a path alone.
struct InputArgument: ExpressibleByArgument {
  var blob: String?
  var path: String

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let last = parts.last, !last.isEmpty, parts.count == 1 || !parts[0].isEmpty else {
      return nil
    }
    blob = parts.count == 2 ? String(parts[0]) : nil
    path = String(last)
  }
}

extension NetState.Phase: ExpressibleByArgument {
  package init?(argument: String) { self.init(rawValue: argument.uppercased()) }
}

/// A network of the catalog or from a file. Assumptions that were necessary go to standard error,
/// unless it `isQuiet`.
func resolveNetwork(
  _ name: String, options: ImportOptions, isQuiet: Bool = false
) throws -> CaffeNetwork {
  if let batch = options.batch, batch < 1 { throw NetworkError.batch(batch) }
  if NetworkFiles.isFileName(name) {
    let net = try CaffeNetwork(contentsOf: name, options: options)
    for note in net.notes where !isQuiet { printError("alexbench: '\(name)': \(note)") }
    return net
  }
  try NameSuggestion.resolve(
    [name], what: "network", known: NetworkCatalog.entries.map(\.name))
  guard let network = NetworkCatalog.network(named: name) else {
    throw MeasuringError.usage("no network '\(name)'")
  }
  return try CaffeNetwork(network, named: name, options: options)
}
