import Execution
import KernelInterface
import Networks

/// Backend `auto`: every stage of a net by the backend that a plan names for it.
///
/// It has no opinion of its own. The choices come in ``CompileOptions/tiles``, by layer, as
/// ``PlannedChoice``; without any it refuses.
package struct AutoBackend: Backend {
  package static let backendName = "auto"

  package let name = AutoBackend.backendName
  package let summary = "each stage of a net by the backend that a plan names, see 'alexbench tune'"
  /// A caller that were pinned would hand its mask to a library's threads.
  package let threading = Threading.library
  package let needsPlan = true
  /// Those that may be named.
  private let parts: [any Backend]

  /// - Parameter backends: all that there are; those in other processes and those that are slow by
  ///   definition are left out.
  package init(of backends: [any Backend]) {
    parts = backends.filter { $0.program == nil && $0.threading != .single && !$0.needsPlan }
  }

  /// What it is without a plan.
  package var unavailability: Unavailability? {
    Unavailability(
      reason: "auto computes what a plan says, and there is none for this",
      hint: "'alexbench tune' makes one, --plan reads it")
  }

  /// Pinned where all that the plan names run on our own threads.
  package func threading(tiles: [String: String]) -> Threading {
    let names = Set(tiles.values.map { PlannedChoice($0).backend })
    let isOurs = names.allSatisfy { name in
      parts.contains { $0.name == name && $0.threading == .pool }
    }
    return isOurs && !names.isEmpty ? .pool : .library
  }

  package func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    guard let plan = options.tiles, !plan.tiles.isEmpty else {
      throw .unavailable(
        unavailability ?? Unavailability(reason: "there is no plan", hint: "alexbench tune"))
    }
    return try Composition(
      graph: graph, weights: weights, options: options, plan: plan, parts: parts
    ).steps()
  }
}
