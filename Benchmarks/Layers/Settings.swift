import Backends
import Execution
import Foundation
import Kernels
import Networks

/// What the suite measures, from the environment: the tool passes no options on to its benchmarks.
struct Settings {
  var networks = ["alexnet"]
  var batch = 1
  var threads = 1
  /// Names; nil for all that there are.
  var backends: [String]?
  var kernels = InstructionSet.best

  /// A value that makes no sense here, one sentence.
  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  /// - Throws: ``Problem``.
  init(_ environment: [String: String]) throws {
    func list(_ name: String) -> [String]? {
      environment[name].map { $0.split(separator: ",").map(String.init) }
        .flatMap { $0.isEmpty ? nil : $0 }
    }
    func count(_ name: String, _ standard: Int) throws -> Int {
      guard let text = environment[name], !text.isEmpty else { return standard }
      guard let value = Int(text), value >= 1 else {
        throw Problem(description: "\(name)='\(text)' is no number of at least 1")
      }
      return value
    }
    networks = list("ALEXBENCH_NETWORK") ?? networks
    let known = NetworkCatalog.entries.map(\.name)
    if let other = networks.first(where: { !known.contains($0) }) {
      throw Problem(description: "no network '\(other)'; there is \(known.joined(separator: ", "))")
    }
    batch = try count("ALEXBENCH_BATCH", batch)
    threads = try count("ALEXBENCH_THREADS", threads)
    backends = list("ALEXBENCH_BACKENDS")
    if let name = environment["ALEXBENCH_ISA"], !name.isEmpty, name != "auto" {
      guard let isa = InstructionSet(rawValue: name), isa.isUsable else {
        throw Problem(
          description: "ALEXBENCH_ISA='\(name)' is not one of those that this processor has: "
            + InstructionSet.usable.map(\.rawValue).joined(separator: ", "))
      }
      kernels = isa
    }
  }

  /// The backends asked for, in the order of the catalog.
  /// - Throws: an unknown name, or a backend asked for that the suite cannot have.
  func chosen(from all: [any Backend]) throws -> [any Backend] {
    guard let backends else { return all }
    for name in backends {
      guard let backend = all.first(where: { $0.name == name }) else {
        throw Problem(
          description: "no backend '\(name)'; there is \(all.map(\.name).joined(separator: ", "))")
      }
      if let unavailability = backend.unavailability {
        throw Problem(description: "backend '\(name)' is not available: \(unavailability)")
      }
      if backend.program != nil {
        throw Problem(
          description: "backend '\(name)' computes in a process of its own, which this tool does "
            + "not see; use alexbench run")
      }
    }
    return all.filter { backends.contains($0.name) }
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
