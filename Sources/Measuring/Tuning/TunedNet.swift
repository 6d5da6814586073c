import Execution
import Networks
import Results
import Statistics

/// What tuning found for one network, batch and number of threads.
package struct TunedNet: Sendable {
  /// A backend that computed the whole net alone.
  package struct Single: Sendable {
    package var backend: String
    /// Median of a forward.
    package var nanoseconds: Double
  }

  package var network: String
  package var batch: Int
  package var threads: Int
  package var isa: String
  /// Fastest first.
  package var singles: [Single] = []
  /// By stage, in the order of the net.
  package var stages: [(stage: String, choice: PlannedChoice)] = []
  /// `auto` over the fastest single backend, in pairs of blocks; below 1 where it is faster. Nil where
  /// the plan is that backend.
  package var ratio: RatioEstimate?
  /// Median of a forward under `auto`.
  package var nanoseconds = 0.0
  /// Changes tried in place, and those kept.
  package var trialCount = 0
  package var keptCount = 0
  /// The time was used up before all changes were tried.
  package var isCutShort = false
  /// For `plan.csv`: the choices of `auto` with what was tried, and the tiles of the single backends.
  package var rows: [PlanRow] = []
  /// Backends left out, with the reason.
  package var leftOut: [(backend: String, reason: String)] = []
}

/// Choices by layer: the backend of each stage under its first layer's name, and tiles of others.
struct StageChoices: Hashable {
  private(set) var layers: [String: PlannedChoice] = [:]

  /// As requests take them.
  var tiles: [String: String] { layers.mapValues(\.description) }

  /// A stage by one backend.
  /// - Parameter tiles: of that backend, by layer.
  mutating func set(
    _ stage: String, of graph: Graph, to backend: String, tiles: [String: String]
  ) {
    for node in graph.nodes where node.stage == stage {
      let layer = node.layer.name
      layers[layer] =
        layer == stage || tiles[layer] != nil
        ? PlannedChoice(backend: backend, tile: tiles[layer] ?? "") : nil
    }
  }

  /// A choice that was made while compiling.
  mutating func fix(_ layer: String, _ choice: PlannedChoice) { layers[layer] = choice }

  /// The choice of a stage, with the tiles of its layers.
  func text(of stage: String) -> String { layers[stage]?.description ?? "" }
}
