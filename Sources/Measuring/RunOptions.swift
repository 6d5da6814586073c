import Kernels
import Networks
import Results

/// What a run measures, and how long.
package struct RunOptions: Sendable {
  /// Names in the catalog, or of files; ignored when ``problem`` is there.
  package var networks = ["alexnet"]
  package var problem: Problem?
  /// Layers to measure alone; nil for all.
  package var layers: [String]?
  /// Backends by name; nil for all that there are.
  package var backends: [String]?
  /// Instruction sets of our own kernels, the best one first or those asked for.
  package var isas = [InstructionSet.best]
  package var batches = [1]
  package var threads = [1]
  package var passes = Pass.allCases
  /// What is in the caches when a layer is measured alone; nets are as they are.
  package var caches: [CacheMode] = [.warm]
  /// Whether phases are timed too, in calls of their own.
  package var measuresPhases = false
  /// Events that are counted too, in calls of their own; nil for none.
  package var counters: CounterOptions?
  /// Tiles by layer that are not to be chosen.
  package var tiles: [String: String] = [:]
  /// The tile of every layer that ``tiles`` does not name.
  package var tile: String?
  /// Choices of an earlier run, by what they were made for.
  package var plan: [PlanRow] = []
  /// Least number of rounds; whole Williams squares are run.
  package var rounds = 20
  /// Rounds at most, where a precision or a budget decides; nil to run ``rounds``.
  package var maximumRounds: Int?
  /// Rounds end when every entrant's 95 % interval is at most this far from its median, relative to
  /// it.
  package var precision: Double?
  /// Blocks of a backend that is too slow for the square.
  package var slowBlocks = 3
  package var seed: UInt64 = 1
  package var customBLAS: [CustomBLAS] = []
  /// The user's own programs, for the commands of rows.
  package var programs: [CustomProgram] = []
  /// CPUs in order of preference; empty for the affinity mask.
  package var cpus: [Int] = []
  /// Fresh worker processes; nil to measure in this process.
  package var launches: Int?
  /// Longest warm-up of a workload.
  package var warmUpNanoseconds = 2_000_000_000
  /// Time after which the rest is measured in a hurry; nil for any. With ``maximumRounds`` it is
  /// divided among the groups, which fill their shares.
  package var budgetNanoseconds: Int?

  /// The time that the run is to fill; nil where it takes what it needs.
  var filledNanoseconds: Int? { maximumRounds == nil ? nil : budgetNanoseconds }
  /// What is slowed down on purpose.
  package var handicaps: [Handicap] = []
  /// Only check, time nothing.
  package var isCheckOnly = false

  package init() {}

  /// The shortest run that still says something: 6 rounds, short warm-ups.
  package mutating func makeQuick() {
    rounds = 6
    warmUpNanoseconds = 300_000_000
    budgetNanoseconds = 75_000_000_000
  }

  /// Rounds until a precision is reached or the budget is used up, as many as make an interval at
  /// least.
  package mutating func makeOpenEnded() {
    rounds = 6
    maximumRounds = 500
  }

  /// - Throws: an unknown name, or a count that makes no sense.
  package func validate(backends known: [String]) throws(MeasuringError) {
    if problem == nil {
      try NameSuggestion.resolve(
        networks.filter { !NetworkFiles.isFileName($0) }, what: "network",
        known: NetworkCatalog.entries.map(\.name))
    }
    if let backends {
      try NameSuggestion.resolve(
        backends.map(RepeatedBackend.baseName), what: "backend", known: known)
    }
    for batch in batches where batch < 1 {
      throw .usage("batch size \(batch) is not possible; it must be at least 1")
    }
    for count in threads where count < 1 {
      throw .usage("\(count) threads are not possible; there must be at least 1")
    }
    guard rounds >= 1 else { throw .usage("there must be at least 1 round") }
    if let maximumRounds, maximumRounds < rounds {
      throw .usage("with --precision or --budget there are at most \(maximumRounds) rounds")
    }
    if let launches, launches < 1 { throw .usage("there must be at least 1 launch") }
    for isa in isas where !isa.isUsable {
      throw .unavailable(
        "instruction set '\(isa.rawValue)' cannot be executed by this processor; it has "
          + InstructionSet.usable.map(\.rawValue).joined(separator: ", "))
    }
    guard !networks.isEmpty, !batches.isEmpty, !threads.isEmpty, !passes.isEmpty, !isas.isEmpty,
      !caches.isEmpty, backends?.isEmpty != true
    else { throw .usage("a list of networks, backends, batches, threads or passes is empty") }
    _ = try Placement(cpus: cpus)
    try NameSuggestion.resolve(
      handicaps.compactMap(\.backend), what: "backend", known: backends ?? known)
    let asked = (layers ?? []) + tiles.keys.sorted() + handicaps.map(\.layer)
    if !asked.isEmpty {
      let graphs = try resolvedNetworks(batch: 1)
      let names = graphs.flatMap { $0.nodes.map(\.layer.name) }
      var seen: Set<String> = []
      try NameSuggestion.resolve(
        asked, what: "layer", known: names.filter { seen.insert($0).inserted })
    }
  }

  /// The graphs of the run's networks.
  func resolvedNetworks(batch: Int) throws(MeasuringError) -> [Graph] {
    do {
      if let problem { return [try problem.network.graph(batch: batch)] }
      return try networks.compactMap { try NetworkCatalog.resolve($0)?.graph(batch: batch) }
    } catch {
      throw .usage("\(error)")
    }
  }
}
