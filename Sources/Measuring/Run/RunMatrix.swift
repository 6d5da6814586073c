import Execution
import KernelInterface
import Networks
import OrderedCollections
import Results

/// What a run measures: networks × batches × thread counts, in each the layers alone, then the net,
/// each on every contender. Options are checked and networks are read here, once.
package struct RunMatrix {
  package internal(set) var options: RunOptions
  /// The backends that the options choose, in the order of the catalog.
  package let backends: [any Backend]
  let contenders: [Contender]
  let places: [WorkloadPlace]
  /// The networks, by content.
  package let inputs: [InputEnvironment]
  /// What a reader of the numbers must know of the plan, one sentence each.
  package private(set) var warnings: [String] = []

  /// - Parameter all: the backends that there are; the options choose.
  /// - Throws: an option that makes no sense, a file that is no network, or a backend asked for by
  ///   name that cannot be had.
  package init(_ options: RunOptions, backends all: [any Backend]) throws {
    try options.validate(backends: all.map(\.name))
    var options = options
    if !options.plan.isEmpty {
      options.plan = options.plan.preferring(hostClass: HostFingerprint.ownClass)
    }
    self.options = options
    let networks = try Self.networks(options)
    try Self.checkLayers(options, networks)
    backends = try Self.choose(options.backends, from: options.planned(all))
    contenders = Contender.list(backends, isas: options.isas)
    places = try Self.places(options, networks)
    inputs = try networks.map { try Self.input($0.name, $0.network) }
    try checkPlan(all: all)
    warnings = try planWarnings()
  }

  /// The graphs of the run, one for each network and batch size: the one that also goes backward, if
  /// there is one.
  package var graphs: [Graph] {
    let graphs = OrderedDictionary(
      places.map { ([$0.graph.networkName, "\($0.batch)"], $0.graph) }
    ) {
      $0.nodes.count >= $1.nodes.count ? $0 : $1
    }
    return Array(graphs.values)
  }

  /// The backends of these names, in the order of the catalog.
  /// - Parameter names: nil for all.
  /// - Throws: one that was named but is not available.
  package static func choose(
    _ names: [String]?, from backends: [any Backend]
  ) throws(MeasuringError) -> [any Backend] {
    guard let names else { return backends }
    let chosen = backends.flatMap { backend -> [any Backend] in
      // Each copy behind the one that it repeats.
      let own = names.filter { RepeatedBackend.baseName(of: $0) == backend.name }.sorted()
      return own.map { $0 == backend.name ? backend : RepeatedBackend(base: backend, name: $0) }
    }
    for backend in chosen {
      if let unavailability = backend.unavailability {
        throw .unavailable("backend '\(backend.name)' is not available: \(unavailability)")
      }
    }
    return chosen
  }

  // MARK: Networks and places

  private typealias NamedNetwork = (name: String, network: Network)

  private static func networks(_ options: RunOptions) throws -> [NamedNetwork] {
    if let problem = options.problem { return [(problem.description, problem.network)] }
    return try options.networks.compactMap { name in
      try NetworkCatalog.resolve(name, options: options.description).map { (name, $0) }
    }
  }

  /// A network as a run records it.
  private static func input(_ name: String, _ network: Network) throws -> InputEnvironment {
    var input = InputEnvironment(role: .network, name: network.name)
    input.graph = ContentHash.of(try graph(network, batch: 1))
    guard NetworkFiles.isFileName(name) else { return input }
    let file = try InputEnvironment(.network, file: name)
    (input.path, input.hash) = (file.path, file.hash)
    return input
  }

  private static func graph(
    _ network: Network, batch: Int
  ) throws(MeasuringError) -> Graph {
    do { return try network.graph(batch: batch) } catch { throw .usage("\(error)") }
  }

  /// The graph of a training step, without its update.
  private static func training(
    _ graph: Graph, _ allGradients: Bool
  ) throws(MeasuringError) -> Graph {
    do {
      return try graph.goingBackward(allGradients: allGradients)
    } catch {
      throw .usage("\(error)")
    }
  }

  private static func checkLayers(
    _ options: RunOptions, _ networks: [NamedNetwork]
  ) throws(MeasuringError) {
    let asked =
      (options.layers ?? []) + options.tiles.keys.sorted()
      + options.slowDowns.map(\.layer).filter { $0 != SlowDown.wholeNet }
    if asked.isEmpty { return }
    let known = OrderedSet(networks.flatMap { $0.network.layers.map(\.name) })
    try NameSuggestion.resolve(asked, what: "layer", known: Array(known))
  }

  private static func places(
    _ options: RunOptions, _ networks: [NamedNetwork]
  ) throws(MeasuringError) -> [WorkloadPlace] {
    var places: [WorkloadPlace] = []
    let netPasses = Pass.allCases.filter { $0 != .isolated && options.passes.contains($0) }
    for (name, network) in networks {
      for batch in options.batches {
        let forward = try graph(network, batch: batch)
        let goesBackward = options.directions != [.forward]
        // A problem is all that there is of its network.
        let allGradients = options.allGradients || options.problem != nil
        let backward = goesBackward ? try training(forward, allGradients) : forward
        for threads in options.threads {
          func place(_ graph: Graph, _ node: Int?, _ cache: CacheMode) -> WorkloadPlace {
            var place = WorkloadPlace(graph, network: name, node: node, threads: threads)
            place.problem = options.problem
            place.description = options.description
            place.cache = cache
            place.netPasses = netPasses
            place.allGradients = goesBackward && allGradients
            return place
          }
          /// The layers alone in a direction, in the order in which a step computes them.
          func layers(_ graph: Graph, _ direction: Direction, _ cache: CacheMode) -> [WorkloadPlace]
          {
            graph.nodes.indices.filter {
              graph.nodes[$0].direction == direction
                && options.layers?.contains(graph.nodes[$0].layer.name) ?? true
            }.map { place(graph, $0, cache) }
          }
          if options.passes.contains(.isolated) {
            places += options.caches.flatMap { cache in
              options.directions.flatMap { direction in
                layers(direction == .forward ? forward : backward, direction, cache)
              }
            }
          }
          if !netPasses.isEmpty, !goesBackward { places.append(place(forward, nil, .warm)) }
        }
      }
    }
    return places
  }

  // MARK: Plans

  /// Refuses a plan that cannot be carried out before anything is measured.
  /// - Throws: a net that the plan of a backend named says nothing of, or a backend in the plan that
  ///   is not here.
  private func checkPlan(all: [any Backend]) throws(MeasuringError) {
    for contender in contenders where contender.backend.needsPlan {
      let name = RepeatedBackend.baseName(of: contender.backend.name)
      for place in places where place.isNet {
        var key = place.key(runID: "", backend: name, isa: contender.isa)
        key.pass = .net
        var choices = options.plan.tiles(for: key)
        choices.merge(options.tiles) { _, mine in mine }
        if choices.isEmpty {
          // Of all backends it is one more, which a row tells the reason of.
          guard options.backends != nil else { continue }
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
      if options.tiles[layer] == text, !all.contains(where: { $0.name == name }) {
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

  /// Looks at where the choices that this run takes come from.
  /// - Throws: choices for another network of the same name.
  private func planWarnings() throws(MeasuringError) -> [String] {
    let graphs = Dictionary(inputs.map { ($0.name, $0.graph ?? "") }) { first, _ in first }
    let used = options.plan.filter { $0.isChosen && graphs[$0.key.network] != nil }
    for row in used {
      guard let graph = graphs[row.key.network], !row.origin.graph.isEmpty,
        row.origin.graph != graph
      else { continue }
      throw .otherPlan(
        "the plan was made for another network '\(row.key.network)': its graph was "
          + "\(row.origin.graph), is \(graph); 'alexbench tune' makes a new plan")
    }
    guard !used.isEmpty else { return [] }
    var warnings: [String] = []
    let hint = "its choices need not be the fastest here, and 'alexbench tune' makes new ones"
    let hosts = OrderedSet(used.map(\.origin.hostClass).filter { $0 != HostFingerprint.ownClass })
    if let host = hosts.first {
      warnings.append(
        (host.isEmpty
          ? "the plan does not say for which class of hosts it was made: "
          : "the plan was made on another class of hosts, \(host): ") + hint)
    }
    let programs = OrderedSet(
      used.map(\.origin.program).filter { $0 != BuildFingerprint.executable })
    if let program = programs.first, !program.isEmpty {
      warnings.append("the plan was made by another build of this program, \(program): " + hint)
    }
    return warnings
  }

  private func noPlan(for key: WorkloadKey) -> String {
    func text(_ key: WorkloadKey) -> String {
      "\(key.network), batch \(key.batch), \(key.threads) thread\(key.threads == 1 ? "" : "s"), "
        + key.isa
    }
    let own = options.plan.filter { $0.isChosen && $0.key.backend == key.backend }
    let known = OrderedSet(own.map { text($0.key) }).joined(separator: " and for ")
    return "the plan has nothing of \(key.backend) for \(text(key))"
      + (known.isEmpty ? "" : "; it is for \(known)") + "; 'alexbench tune' makes one"
  }
}

/// A backend that needs a plan, in a run that has one for it.
private struct PlannedBackend: Backend {
  let base: any Backend

  var name: String { base.name }
  var summary: String { base.summary }
  var threading: Threading { base.threading }
  var needsPlan: Bool { true }
  var unavailability: Unavailability? { nil }
  var directions: Set<Direction> { base.directions }
  var warnings: [BackendWarning] { base.warnings }
  var library: LoadedLibrary? { base.library }
  func isa(with kernels: KernelTable) -> String { base.isa(with: kernels) }
  func threading(tiles: [String: String]) -> Threading { base.threading(tiles: tiles) }
  func threadCount(askedFor count: Int) -> Int { base.threadCount(askedFor: count) }
  func memoryNeed(of graph: Graph) -> MemoryNeed { base.memoryNeed(of: graph) }

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
  /// is named, it is left out without, and so is one that is less precise than others.
  fileprivate func planned(_ all: [any Backend]) -> [any Backend] {
    all.compactMap { backend -> (any Backend)? in
      if backends == nil, backend.precision != .single { return nil }
      guard backend.needsPlan else { return backend }
      if hasPlan(for: backend.name, among: all) { return PlannedBackend(base: backend) }
      let isNamed = backends?.contains { RepeatedBackend.baseName(of: $0) == backend.name }
      return isNamed == true ? backend : nil
    }
  }
}
