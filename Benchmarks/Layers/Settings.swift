import Backends
import Execution
import Foundation
import Kernels
import Measuring
import Networks

/// What the suite measures, from the environment: the tool passes no options on to its benchmarks.
struct Settings {
  var networks = ["alexnet"]
  var batch = 1
  var threads = 1
  /// Names; nil for all that there are.
  var backends: [String]?
  var kernels = InstructionSet.best

  /// - Throws: ``MeasuringError`` about a value that makes no sense here.
  init(_ environment: [String: String]) throws {
    func list(_ name: String) -> [String]? {
      environment[name].map { $0.split(separator: ",").map(String.init) }
        .flatMap { $0.isEmpty ? nil : $0 }
    }
    func count(_ name: String, _ standard: Int) throws -> Int {
      guard let text = environment[name], !text.isEmpty else { return standard }
      guard let value = Int(text), value >= 1 else {
        throw MeasuringError.usage("\(name)='\(text)' is no number of at least 1")
      }
      return value
    }
    networks = list("ALEXBENCH_NETWORK") ?? networks
    try NameSuggestion.resolve(
      networks, what: "network", known: NetworkCatalog.entries.map(\.name))
    batch = try count("ALEXBENCH_BATCH", batch)
    threads = try count("ALEXBENCH_THREADS", threads)
    backends = list("ALEXBENCH_BACKENDS")
    if let name = environment["ALEXBENCH_ISA"], !name.isEmpty, name != "auto" {
      guard let isa = InstructionSet(rawValue: name), isa.isUsable else {
        throw MeasuringError.unavailable(
          "ALEXBENCH_ISA='\(name)' is not one of those that this processor has: "
            + InstructionSet.usable.map(\.rawValue).joined(separator: ", "))
      }
      kernels = isa
    }
  }

  /// The backends asked for, in the order of the catalog.
  /// - Throws: an unknown name, or a backend asked for that the suite cannot have.
  func chosen(from all: [any Backend]) throws -> [any Backend] {
    guard let backends else { return all }
    try NameSuggestion.resolve(backends, what: "backend", known: all.map(\.name))
    let chosen = try Runner.choose(backends, from: all)
    if let other = chosen.first(where: { $0.program != nil }) {
      throw MeasuringError.unavailable(
        "backend '\(other.name)' computes in a process of its own, which this tool does not see; "
          + "use alexbench run")
    }
    return chosen
  }

  /// The name of a benchmark; what is not as usual stands behind, so that baselines do not mix it up.
  ///
  /// Dots in between, and a slash in a layer's name becomes a hyphen: the tool writes a benchmark's
  /// thresholds to a file with `/` and blanks replaced, but looks for them with these in place.
  func name(network: String, layer: String, backend: String) -> String {
    var parts = [network, layer.replacing("/", with: "-"), backend]
    if batch != 1 { parts.append("batch\(batch)") }
    if threads != 1 { parts.append("threads\(threads)") }
    if kernels != .best { parts.append(kernels.rawValue) }
    return parts.joined(separator: ".")
  }
}
