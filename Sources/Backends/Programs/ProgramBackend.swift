import Execution
import KernelInterface
import Networks

/// A backend that is a program of its own, driven over the worker protocol: a peer in another
/// language, or a user's own engine.
package struct ProgramBackend: Backend {
  package let name: String
  package let summary: String
  package let program: ExternalProgram?
  package let unavailability: Unavailability?
  package let library: LoadedLibrary?
  package let warnings: [BackendWarning]
  package var threading: Threading { .library }

  /// - Parameters:
  ///   - library: what the program computes with, where that is known beforehand.
  ///   - warnings: what a reader of its numbers must know.
  package init(
    name: String, summary: String, program: ExternalProgram,
    unavailability: Unavailability? = nil, library: LoadedLibrary? = nil,
    warnings: [BackendWarning] = []
  ) {
    self.name = name
    self.summary = summary
    self.program = program
    self.unavailability = unavailability
    self.library = library
    self.warnings = warnings
  }

  package func isa(with kernels: KernelTable) -> String { "external" }

  /// Always refuses: the program compiles what it computes.
  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    throw .unsupported(
      layer: graph.nodes.first?.layer.name ?? graph.networkName,
      reason: "\(name) computes in a program of its own, not in this process")
  }
}
