import ArgumentParser
import CaffeModel
import Foundation
import Measuring
import Networks
import Tensors

/// What a description leaves open: the same options in every command that reads one.
struct NetworkArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Shape of an input; may be repeated. Without NAME, for the first input without a shape.",
      valueName: "[NAME=]N,C,H,W"))
  var shape: [ShapeArgument] = []

  @Option(help: "Caffe's phase for include and exclude rules: TEST or TRAIN.")
  var phase = NetState.Phase.test

  @Option(help: "Caffe's level for these rules. (default: 0)", transform: CountRange.levels.parse)
  var level = 0

  @Option(help: "Caffe's stage for these rules; may be repeated.")
  var stage: [String] = []

  var description: DescriptionOptions {
    DescriptionOptions(
      state: NetState(phase: phase, level: level, stages: Set(stage)),
      shapes: shape.map(\.given))
  }
}

/// `NAME=N,C,H,W`, or a shape alone.
struct ShapeArgument: ExpressibleByArgument {
  var given: GivenShape

  init?(argument: String) {
    guard let given = GivenShape(argument) else { return nil }
    self.given = given
  }
}

/// `NAME=PATH`, or a path alone.
struct InputArgument: ExpressibleByArgument {
  var blob: String?
  var path: String

  init?(argument: String) {
    // A file of that whole name is meant.
    if FileManager.default.fileExists(atPath: argument) {
      path = argument
      return
    }
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let last = parts.last, !last.isEmpty, parts.count == 1 || !parts[0].isEmpty else {
      return nil
    }
    blob = parts.count == 2 ? String(parts[0]) : nil
    path = String(last)
  }
}

/// Names of networks separated by commas; a file of the whole name is one.
struct NetworkList: ExpressibleByArgument {
  var names: CommaList<String>

  init(_ names: [String]) { self.names = CommaList(names) }

  init?(argument: String) {
    if argument.contains(","), FileManager.default.fileExists(atPath: argument) {
      self.init([argument])
      return
    }
    guard let names = CommaList<String>(argument: argument) else { return nil }
    self.init(names.elements)
  }

  var defaultValueDescription: String { names.defaultValueDescription }
}

extension [NetworkList] {
  /// Those of all lists, each once.
  var names: [String] { map(\.names).elements() }
}

extension NetState.Phase: ExpressibleByArgument {
  public init?(argument: String) { self.init(rawValue: argument.uppercased()) }
}

/// A network of the catalog or from a file. Assumptions that were necessary go to standard error,
/// unless it `isQuiet`.
func resolveNetwork(
  _ name: String, options: ImportOptions, isQuiet: Bool = false
) throws -> CaffeNetwork {
  if let batch = options.batch, batch < 1 { throw NetworkError.batch(batch) }
  let net: CaffeNetwork
  if NetworkFiles.isFileName(name) {
    net = try CaffeNetwork(contentsOf: name, options: options)
  } else {
    try NameSuggestion.resolve(
      [name], what: "network", known: NetworkCatalog.entries.map(\.name))
    guard let network = NetworkCatalog.network(named: name) else {
      throw MeasuringError.usage("no network '\(name)'")
    }
    net = try CaffeNetwork(network, named: name, options: options)
  }
  for note in net.notes where !isQuiet { printError("alexbench: '\(name)': \(note)") }
  return net
}
