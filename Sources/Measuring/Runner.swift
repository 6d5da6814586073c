import CSupport
import Execution
import Networks
import Results

/// What a run gave.
public struct RunRecord: Sendable {
  public var workloads: [WorkloadRow] = []
  public var samples: [SampleRow] = []
  public var layers: [LayerRow] = []
  public var phases: [PhaseRow] = []
  /// The tiles that were tried, the chosen ones marked.
  public var plan: [PlanRow] = []
  public var roofs: [RoofRow] = []
  public var wasInterrupted = false
  /// What a reader of the numbers must know about the run itself, one sentence each.
  public var warnings: [String] = []

  /// Rows whose outputs were wrong, or could not be trusted.
  public var incorrect: [WorkloadRow] {
    workloads.filter { $0.status == .failed || $0.status == .mistrusted }
  }

  /// Whether any workload passed its checks.
  public var hasAnyResult: Bool { workloads.contains { $0.status == .ok } }
}

/// Plans and drives a run: networks × batches × thread counts, in each the layers alone, then the
/// nets.
public final class Runner {
  private let options: RunOptions
  private let contenders: [Contender]
  private let makeHost: (Int) throws -> any WorkloadHost
  private let folder: RunFolder?
  private let progress: Progress
  private let isInterrupted: () -> Bool
  private let references = ReferenceCache()
  private var record = RunRecord()
  private var roofLog = RoofLog()
  private var rowOfKey: [WorkloadKey: Int] = [:]
  private let start = alex_monotonic_ns()
  private var isHurried = false

  /// - Parameters:
  ///   - backends: all that there are; the options choose.
  ///   - makeHost: the host of a launch, counted from 0.
  ///   - folder: where files go; nil to write none.
  ///   - isInterrupted: asked before every block.
  /// - Throws: an option that makes no sense, or a backend asked for by name that cannot be had.
  public init(
    options: RunOptions, backends: [any Backend],
    makeHost: @escaping (_ launch: Int) throws -> any WorkloadHost, folder: RunFolder? = nil,
    progress: Progress = Progress(),
    isInterrupted: @escaping () -> Bool = { Interruption.signalNumber != nil }
  ) throws {
    try options.validate(backends: backends.map(\.name))
    self.options = options
    self.makeHost = makeHost
    self.folder = folder
    self.progress = progress
    self.isInterrupted = isInterrupted
    contenders = Contender.list(
      try Self.choose(options.backends, from: backends), isas: options.isas)
  }

  /// The backends of a run in the order of the catalog.
  /// - Throws: one that was named but is not available.
  public static func choose(
    _ names: [String]?, from backends: [any Backend]
  ) throws(MeasuringError) -> [any Backend] {
    guard let names else { return backends }
    let chosen = backends.filter { names.contains($0.name) }
    for backend in chosen {
      if let unavailability = backend.unavailability {
        throw .unavailable("backend '\(backend.name)' is not available: \(unavailability)")
      }
    }
    return chosen
  }

  /// Measures everything; an interruption ends it early, with what there is.
  /// - Throws: what makes going on pointless. Samples written until then are valid.
  public func run() throws -> RunRecord {
    let factory = RowFactory(runID: folder?.runID ?? "", options: options)
    let plan = try places()
    for graph in distinctGraphs(plan) { record.layers += factory.layers(of: graph) }
    try folder?.write(record.layers)
    let launchCount = options.launches ?? 1
    progress.expect(plan.reduce(0) { $0 + work(of: $1) } * Double(launchCount))
    for launch in 0..<launchCount where !record.wasInterrupted {
      let host = try makeHost(launch)
      defer { host.close() }
      for place in plan where !record.wasInterrupted {
        let group = GroupRunner(
          place: place, contenders: contenders, host: host, factory: hurried(factory),
          references: references, plan: options.plan + record.plan, progress: progress,
          launch: launch, isInterrupted: isInterrupted)
        let result = try group.run { try folder?.append($0) }
        progress.advance(work(of: place))
        add(result)
        roofLog.add(result.roofs, threads: place.threads)
        record.roofs = roofLog.rows(runID: factory.runID)
        try folder?.flush()
        try folder?.write(record.roofs)
        try folder?.write(record.workloads)
        if !record.plan.isEmpty { try folder?.write(record.plan) }
        if options.measuresPhases { try folder?.write(record.phases) }
      }
    }
    progress.clear()
    return record
  }

  /// The same, or once the budget is used up the least that still is a measurement.
  private func hurried(_ factory: RowFactory) -> RowFactory {
    guard let budget = options.budgetNanoseconds,
      Int(alex_monotonic_ns() - start) > budget
    else { return factory }
    if !isHurried {
      isHurried = true
      record.warnings.append(
        "the time of a quick run was used up: the rest has one square of rounds and no long "
          + "warm-up")
    }
    var factory = factory
    factory.options.rounds = 1
    factory.options.slowBlocks = 1
    factory.options.warmUpNanoseconds = 0
    return factory
  }

  /// The groups of a run, in order.
  private func places() throws -> [WorkloadPlace] {
    var places: [WorkloadPlace] = []
    let netPasses = Pass.allCases.filter { $0 != .isolated && options.passes.contains($0) }
    for (name, batch, threads) in combinations() {
      var one = options
      one.networks = [name]
      for graph in try one.resolvedNetworks(batch: batch) {
        func place(_ node: Int?, _ cache: CacheMode) -> WorkloadPlace {
          WorkloadPlace(
            graph: graph, network: name, problem: options.problem, node: node, batch: batch,
            threads: threads, cache: cache, netPasses: netPasses)
        }
        if options.passes.contains(.isolated) {
          places += options.caches.flatMap { cache in
            graph.nodes.indices.filter { isAsked(graph.nodes[$0]) }.map { place($0, cache) }
          }
        }
        if !netPasses.isEmpty { places.append(place(nil, .warm)) }
      }
    }
    return places
  }

  private func combinations() -> [(network: String, batch: Int, threads: Int)] {
    let names = options.problem.map { [$0.description] } ?? options.networks
    return names.flatMap { name in
      options.batches.flatMap { batch in
        options.threads.map { threads in (name, batch, threads) }
      }
    }
  }

  private func isAsked(_ node: Graph.Node) -> Bool {
    options.layers?.contains(node.layer.name) ?? true
  }

  private func distinctGraphs(_ places: [WorkloadPlace]) -> [Graph] {
    var seen: Set<String> = []
    return places.map(\.graph).filter {
      seen.insert("\($0.networkName) \($0.batch)").inserted
    }
  }

  /// How long a group takes, in arbitrary units: overhead per block, and its arithmetic.
  private func work(of place: WorkloadPlace) -> Double {
    let flops =
      place.node.map { place.graph.cost(of: place.graph.nodes[$0]).flops }
      ?? place.graph.totalCost.flops
    return 1 + Double(flops) / 1e8
  }

  /// Adds a group's rows; a later launch's are merged into the first one's.
  private func add(_ group: GroupRecord) {
    record.samples += group.samples
    record.plan += group.plan
    record.warnings += group.warnings.filter { !record.warnings.contains($0) }
    // Later launches repeat them.
    let known = Set(record.phases.map(\.key))
    record.phases += group.phases.filter { !known.contains($0.key) }
    record.wasInterrupted = record.wasInterrupted || group.wasInterrupted
    for row in group.workloads {
      guard let index = rowOfKey[row.key] else {
        rowOfKey[row.key] = record.workloads.count
        record.workloads.append(row)
        continue
      }
      record.workloads[index].check = record.workloads[index].check.worst(row.check)
      // What is wrong once is wrong; what an interruption left out of a later launch is not.
      let isLost = row.status == .skipped && group.wasInterrupted
      if record.workloads[index].status == .ok, row.status != .ok, !isLost {
        record.workloads[index].status = row.status
        record.workloads[index].reason = row.reason
      }
    }
  }
}
