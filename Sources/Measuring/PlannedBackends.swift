import Execution
import KernelInterface
import Networks
import Results

/// A backend that needs a plan, in a run that has one for it.
struct PlannedBackend: Backend {
  let base: any Backend

  var name: String { base.name }
  var summary: String { base.summary }
  var threading: Threading { base.threading }
  var needsPlan: Bool { true }
  var unavailability: Unavailability? { nil }
  var warnings: [BackendWarning] { base.warnings }
  var library: LoadedLibrary? { base.library }
  func isa(with kernels: KernelTable) -> String { base.isa(with: kernels) }
  func threading(tiles: [String: String]) -> Threading { base.threading(tiles: tiles) }

  func compile(_ graph: Graph, weights: any WeightSource, options: CompileOptions)
    throws(BackendError) -> [any Step]
  {
    try base.steps(of: graph, weights: weights, options: options)
  }
}

extension RunOptions {
  /// Whether these options say what a backend that needs a plan is to compute: rows of a plan, or
  /// `--tile LAYER=BACKEND`.
  private func hasPlan(for backend: String, among all: [any Backend]) -> Bool {
    plan.contains { $0.isChosen && $0.key.backend == backend }
      || tiles.values.contains { text in all.contains { $0.name == PlannedChoice(text).backend } }
  }

  /// Backends as this run has them: one that needs a plan is there where the run has one. Unless it
  /// is named, it is left out without.
  func planned(_ all: [any Backend]) -> [any Backend] {
    all.compactMap { backend -> (any Backend)? in
      guard backend.needsPlan else { return backend }
      if hasPlan(for: backend.name, among: all) { return PlannedBackend(base: backend) }
      let isNamed = backends?.contains { RepeatedBackend.baseName(of: $0) == backend.name }
      return isNamed == true ? backend : nil
    }
  }

  /// The backends of a run in the order of the catalog.
  /// - Throws: one that was named but is not available.
  package func chosenBackends(from all: [any Backend]) throws(MeasuringError) -> [any Backend] {
    try Runner.choose(backends, from: planned(all))
  }

  /// Refuses a plan that cannot be carried out before anything is measured.
  /// - Parameters:
  ///   - contenders: of the run.
  ///   - all: the backends that there are.
  /// - Throws: a net that the plan of a backend named says nothing of, or a backend in the plan that
  ///   is not here.
  func checkPlan(
    _ contenders: [Contender], places: [WorkloadPlace], all: [any Backend]
  ) throws(MeasuringError) {
    for contender in contenders where contender.backend.needsPlan {
      let name = RepeatedBackend.baseName(of: contender.backend.name)
      for place in places where place.node == nil {
        var key = RowFactory(runID: "", options: self)
          .key(place, backend: name, isa: contender.isa)
        key.pass = .net
        var choices = plan.tiles(for: key)
        choices.merge(tiles) { _, mine in mine }
        if choices.isEmpty {
          // Of all backends it is one more, which a row tells the reason of.
          guard backends != nil else { continue }
          throw .unavailable(noPlan(for: key))
        }
        try check(choices, of: name, all: all)
      }
    }
  }

  private func check(
    _ choices: [String: String], of planned: String, all: [any Backend]
  ) throws(MeasuringError) {
    for (layer, text) in choices.sorted(by: { $0.key < $1.key }) {
      let name = PlannedChoice(text).backend
      if tiles[layer] == text, !all.contains(where: { $0.name == name }) {
        throw .usage(
          "--tile \(layer)=\(text) names no backend, which \(planned) needs: \(layer)=BACKEND, or "
            + "\(layer)=BACKEND:TILE")
      }
      guard let backend = all.first(where: { $0.name == name }) else {
        throw .unavailable(
          "the plan of \(planned) has '\(layer)' computed by '\(name)', and there is no such "
            + "backend here; run 'alexbench tune' on this host")
      }
      if let missing = backend.unavailability {
        throw .unavailable(
          "the plan of \(planned) has '\(layer)' computed by '\(name)', which is not available: "
            + "\(missing)")
      }
    }
  }

  private func noPlan(for key: WorkloadKey) -> String {
    func text(_ key: WorkloadKey) -> String {
      "\(key.network), batch \(key.batch), \(key.threads) thread\(key.threads == 1 ? "" : "s"), "
        + key.isa
    }
    var known: [String] = []
    for row in plan where row.isChosen && row.key.backend == key.backend {
      if !known.contains(text(row.key)) { known.append(text(row.key)) }
    }
    return "the plan has nothing of \(key.backend) for \(text(key))"
      + (known.isEmpty ? "" : "; it is for \(known.joined(separator: " and for "))")
      + "; 'alexbench tune' makes one"
  }
}
