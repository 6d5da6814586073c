import CSupport
import Execution
import Kernels
import Networks
import Results
import Statistics

/// Tuning of one net at one batch and number of threads.
final class NetTuning {
  let tuner: Tuner
  let place: WorkloadPlace
  let isa: InstructionSet
  var result: TunedNet
  var singles: [Single] = []
  /// Medians of whole nets by stage and choice.
  var tried: [String: [String: Double]] = [:]

  private let start = alex_monotonic_ns()
  private var isOverTime: Bool {
    Int(alex_monotonic_ns() - start) > tuner.budgetNanoseconds
  }
  var host: LocalHost { tuner.host }
  var graph: Graph { place.graph }
  var duel: NetDuel {
    NetDuel(host: host) { [tuner, place] in try tuner.proceed(place, "comparing") }
  }

  /// A stage that takes so many times the present one's time in its own net is not tried.
  private static let screenFactor = 1.15
  /// A stage with a smaller share of the net cannot win what a comparison could tell.
  private static let leastShare = 0.003
  /// Another tile of a backend is tried as well where it was that near to the chosen one.
  private static let nearTilePercent = 108
  private static let tilesTried = 1
  private static let sweepLimit = 3

  /// A backend that computes the whole net.
  struct Single {
    var backend: any Backend
    var handle: Int
    var steps: [StepFacts]
    var candidates: [TilePlan.Candidate]
    var isa: String
    var times: [Double] = []
    var stageNanoseconds: [String: Double] = [:]

    var median: Double { OrderStatistics(times)?.median ?? .infinity }
    var tiles: [String: String] {
      Dictionary(candidates.filter(\.isChosen).map { ($0.layer, $0.tile) }) { $1 }
    }
  }

  /// A net under a plan.
  struct Net {
    var choices: StageChoices
    var handle: Int
    var steps: [StepFacts]
    var nanoseconds: Double
  }

  init(tuner: Tuner, place: WorkloadPlace, isa: InstructionSet) {
    self.tuner = tuner
    self.place = place
    self.isa = isa
    result = TunedNet(
      network: place.graph.networkName, batch: place.batch, threads: place.threads,
      isa: tuner.planned.isa(with: isa.kernels))
  }

  func run() throws -> TunedNet {
    if let refusal = MemoryGuard.refusal(place: place, contenderCount: tuner.backends.count + 2) {
      throw MeasuringError.unavailable(refusal)
    }
    var alive: Set<Int> = []
    defer { for handle in alive { try? host.release(handle) } }
    try prepareSingles()
    alive.formUnion(singles.map(\.handle))
    try timeSingles()
    let fastest = singles[0]
    for single in singles.dropFirst() {
      try host.release(single.handle)
      alive.remove(single.handle)
    }
    var best = try net(alone(fastest), nanoseconds: fastest.median)
    alive.insert(best.handle)
    let start = best.choices

    /// Takes the place of the best if it is faster in place.
    func challenge(_ choices: StageChoices, _ what: String) throws -> Double? {
      try tuner.proceed(place, what)
      guard let challenger = try candidate(choices, nanoseconds: best.nanoseconds) else {
        return nil
      }
      alive.insert(challenger.handle)
      let outcome = try duel.run(
        base: best.handle, challenger: challenger.handle, nanoseconds: best.nanoseconds)
      result.trialCount += 1
      let loser = outcome.isFaster ? best.handle : challenger.handle
      if outcome.isFaster {
        result.keptCount += 1
        best = challenger
        best.nanoseconds = outcome.challengerNanoseconds
      }
      try host.release(loser)
      alive.remove(loser)
      return outcome.challengerNanoseconds
    }

    // All stages at once by those that were fastest at them: what one change alone does not win two
    // neighbours may.
    let greedy = greedyChoices()
    if greedy != start { _ = try challenge(greedy, "the fastest of each stage") }
    let names = stages
    var open = Set(names)
    for _ in 0..<Self.sweepLimit where !open.isEmpty {
      var changed: Set<String> = []
      let shares = try stageTimes(best.handle, best.steps)
      let total = shares.values.reduce(0, +)
      let order = shares.filter { open.contains($0.key) && $0.value > total * Self.leastShare }
        .sorted { ($0.value, $1.key) > ($1.value, $0.key) }
      for (stage, nanoseconds) in order {
        let before = best.choices
        for choices in alternatives(stage, to: best.choices, nanoseconds: nanoseconds) {
          if isOverTime { break }
          let text = choices.text(of: stage)
          if let time = try challenge(choices, "\(stage) by \(text)") {
            tried[stage, default: [:]][text] = time
          }
        }
        if best.choices != before { changed.insert(stage) }
      }
      // Beside a stage that changed, other layouts may be the right ones now.
      open = Set(
        names.indices.filter { index in
          [index - 1, index + 1].contains {
            names.indices.contains($0) && changed.contains(names[$0])
          }
        }.map { names[$0] })
    }
    result.isCutShort = isOverTime

    // What small steps won has to be there when all is measured at once.
    let final = try duel.run(
      base: fastest.handle, challenger: best.handle, nanoseconds: best.nanoseconds, isFinal: true)
    result.nanoseconds = final.challengerNanoseconds
    result.ratio = best.choices == start ? nil : final.estimate
    if best.choices != start, let estimate = final.estimate, estimate.median > 1 {
      try host.release(best.handle)
      alive.remove(best.handle)
      best = try net(start, nanoseconds: final.baseNanoseconds)
      alive.insert(best.handle)
      result.nanoseconds = final.baseNanoseconds
      result.ratio = nil
    }
    do {
      try check(best.handle, backend: tuner.planned.name, request: request(best.choices))
    } catch MeasuringError.workload(_, let reason) {
      throw MeasuringError.unavailable("no plan for \(graph.networkName): \(reason)")
    }
    finish(best)
    return result
  }

  // MARK: Plans

  var stages: [String] {
    var seen: Set<String> = []
    return graph.nodes.map(\.stage).filter { seen.insert($0).inserted }
  }

  private func alone(_ single: Single) -> StageChoices {
    var choices = StageChoices()
    for stage in stages {
      choices.set(stage, of: graph, to: single.backend.name, tiles: single.tiles)
    }
    return choices
  }

  private func greedyChoices() -> StageChoices {
    var choices = StageChoices()
    for stage in stages {
      func time(_ single: Single) -> Double { single.stageNanoseconds[stage] ?? .infinity }
      guard let best = singles.min(by: { time($0) < time($1) }) else { continue }
      choices.set(stage, of: graph, to: best.backend.name, tiles: best.tiles)
    }
    return choices
  }

  /// Other ways to compute a stage that may be faster than the present one, the most promising first.
  private func alternatives(
    _ stage: String, to present: StageChoices, nanoseconds: Double
  ) -> [StageChoices] {
    let hopeful = singles.map { ($0, $0.stageNanoseconds[stage] ?? .infinity) }
      .filter { $0.1 <= nanoseconds * Self.screenFactor }.sorted { $0.1 < $1.1 }
    var found: [StageChoices] = []
    for (single, _) in hopeful {
      for tile in nearTiles(of: stage, single) {
        var tiles = single.tiles
        if let tile { tiles[stage] = tile }
        var choices = present
        choices.set(stage, of: graph, to: single.backend.name, tiles: tiles)
        if choices != present, !found.contains(choices) { found.append(choices) }
      }
    }
    return found
  }

  /// The chosen tile of a stage's first layer, and others that were nearly as fast; nil for none.
  private func nearTiles(of layer: String, _ single: Single) -> [String?] {
    let own = single.candidates.filter { $0.layer == layer }.sorted {
      $0.nanoseconds < $1.nanoseconds
    }
    guard let chosen = own.first(where: \.isChosen) else { return [nil] }
    let near = own.filter {
      !$0.isChosen && $0.nanoseconds <= chosen.nanoseconds / 100 * Self.nearTilePercent
    }
    return [chosen.tile] + near.prefix(Self.tilesTried).map(\.tile)
  }

  // MARK: Nets

  func request(backend: String, tiles: [String: String]) -> WorkloadRequest {
    WorkloadRequest(
      network: place.network, layer: nil, backend: backend, isa: isa.rawValue,
      threads: place.threads, cpus: tuner.options.cpus, batch: place.batch,
      seed: tuner.options.seed, pass: .net, customBLAS: tuner.options.customBLAS, tiles: tiles)
  }

  private func request(_ choices: StageChoices) -> WorkloadRequest {
    request(backend: tuner.planned.name, tiles: choices.tiles)
  }

  private func net(_ choices: StageChoices, nanoseconds: Double) throws -> Net {
    let prepared = try host.prepare(request(choices))
    var choices = choices
    // What the plan left open was chosen while compiling, and is part of it from now on.
    for chosen in prepared.candidates where chosen.isChosen {
      choices.fix(chosen.layer, PlannedChoice(chosen.tile))
    }
    return Net(
      choices: choices, handle: prepared.handle, steps: prepared.steps, nanoseconds: nanoseconds)
  }

  /// Nil where a backend refuses the tile or its part of the net.
  private func candidate(_ choices: StageChoices, nanoseconds: Double) throws -> Net? {
    do {
      return try net(choices, nanoseconds: nanoseconds)
    } catch MeasuringError.workload {
      return nil
    }
  }

  /// - Throws: outputs that are wrong.
  func check(_ handle: Int, backend: String, request: WorkloadRequest) throws {
    try tuner.proceed(place, "checking \(backend)")
    let blobs = try host.outputs(
      handle, images: ReferenceCache.checkedImages(batch: place.batch))
    let verdict = Judge.judge(
      net: blobs, graph: graph, against: try tuner.references.net(request, graph: graph))
    guard verdict.status == .ok else {
      try host.release(handle)
      throw MeasuringError.workload(
        status: verdict.status, reason: "\(backend): \(verdict.reason)")
    }
  }
}
