import CSupport
import Execution
import Kernels
import Networks
import OrderedCollections
import Results
import Statistics

/// Tuning of one net at one batch and number of threads.
final class NetTuning {
  private let tuner: Tuner
  private let place: WorkloadPlace
  private let isa: InstructionSet
  private var result: TunedNet
  private var singles: [Single] = []
  /// Medians of whole nets by stage and choice.
  private var tried: [String: [String: Double]] = [:]

  private let start = alex_monotonic_ns()
  private var isOverTime: Bool {
    Int(alex_monotonic_ns() - start) > tuner.budgetNanoseconds
  }
  private var host: LocalHost { tuner.host }
  private var graph: Graph { place.graph }
  private var duel: NetDuel {
    NetDuel { [tuner, place] in try tuner.proceed(place, "comparing") }
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
  private struct Single {
    var backend: any Backend
    /// Nil once it has lost.
    var workload: (any Workload)?
    var facts: PreparedFacts
    var isa: String
    var times: [Double] = []
    var stageNanoseconds: [String: Double] = [:]

    var median: Double { OrderStatistics(times)?.median ?? .infinity }
    var tiles: [String: String] {
      Dictionary(facts.candidates.filter(\.isChosen).map { ($0.layer, $0.tile) }) { $1 }
    }
  }

  /// A net under a plan.
  private struct Net {
    var choices: StageChoices
    var workload: any Workload
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
    // All of them, and two nets that are put together.
    let contenders = (tuner.backends + [tuner.planned, tuner.planned]).map {
      Contender(backend: $0, kernels: isa, isa: isa.rawValue)
    }
    let estimate = MemoryEstimate(of: place, RunOptions())
    if let refusal = MemoryGuard.refusal(estimate, of: contenders) {
      throw MeasuringError.unavailable(refusal)
    }
    try prepareSingles()
    try timeSingles()
    let fastest = singles[0]
    guard let fastestWorkload = fastest.workload else {
      preconditionFailure("the fastest single net is alive")
    }
    for index in singles.indices { singles[index].workload = nil }
    var best = try net(alone(fastest), nanoseconds: fastest.median)
    let start = best.choices

    /// Takes the place of the best if it is faster in place.
    func challenge(_ choices: StageChoices, _ what: String) throws -> Double? {
      try tuner.proceed(place, what)
      guard let challenger = try candidate(choices, nanoseconds: best.nanoseconds) else {
        return nil
      }
      let outcome = try duel.run(
        base: best.workload, challenger: challenger.workload, nanoseconds: best.nanoseconds)
      result.trialCount += 1
      if outcome.isFaster {
        result.keptCount += 1
        best = challenger
        best.nanoseconds = outcome.challengerNanoseconds
      }
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
      let shares = try stageTimes(best.workload)
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
      base: fastestWorkload, challenger: best.workload, nanoseconds: best.nanoseconds, isFinal: true
    )
    result.nanoseconds = final.challengerNanoseconds
    result.ratio = best.choices == start ? nil : final.estimate
    if best.choices != start, let estimate = final.estimate, estimate.median > 1 {
      best = try net(start, nanoseconds: final.baseNanoseconds)
      result.nanoseconds = final.baseNanoseconds
      result.ratio = nil
    }
    do {
      try check(best.workload, backend: tuner.planned.name)
    } catch MeasuringError.workload(_, let reason) {
      throw MeasuringError.unavailable("no plan for \(graph.networkName): \(reason)")
    }
    finish(best)
    return result
  }

  // MARK: Plans

  private var stages: [String] {
    Array(OrderedSet(graph.nodes.map(\.stage)))
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
    let own = single.facts.candidates.filter { $0.layer == layer }.sorted {
      $0.nanoseconds < $1.nanoseconds
    }
    guard let chosen = own.first(where: \.isChosen) else { return [nil] }
    let near = own.filter {
      !$0.isChosen && $0.nanoseconds <= chosen.nanoseconds / 100 * Self.nearTilePercent
    }
    return [chosen.tile] + near.prefix(Self.tilesTried).map(\.tile)
  }

  // MARK: Nets

  private func request(_ backend: any Backend, tiles: [String: String]) -> WorkloadRequest {
    var request = WorkloadRequest(place, on: backend, kernels: isa)
    request.cpus = tuner.options.cpus
    request.seed = tuner.options.seed
    request.customBLAS = tuner.options.customBLAS
    request.tiles = tiles
    return request
  }

  private func net(_ choices: StageChoices, nanoseconds: Double) throws -> Net {
    let workload = try host.prepare(request(tuner.planned, tiles: choices.tiles))
    var choices = choices
    // What the plan left open was chosen while compiling, and is part of it from now on.
    for chosen in workload.facts.candidates where chosen.isChosen {
      choices.fix(chosen.layer, PlannedChoice(chosen.tile))
    }
    return Net(choices: choices, workload: workload, nanoseconds: nanoseconds)
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
  private func check(_ workload: any Workload, backend: String) throws {
    try tuner.proceed(place, "checking \(backend)")
    let verdict = try tuner.references.judge(
      workload.outputs(images: ReferenceCache.checkedImages(batch: place.batch)), of: place,
      seed: tuner.options.seed, facts: workload.facts)
    guard verdict.status == .ok else {
      throw MeasuringError.workload(
        status: verdict.status, reason: "\(backend): \(verdict.reason)")
    }
  }

  // MARK: Single backends

  /// Rounds in which the single backends take turns.
  private static let singleRounds = 6
  /// A single net that takes so many times the fastest one's time has no more turns.
  private static let slowFactor = 4.0
  private func prepareSingles() throws {
    for backend in tuner.backends {
      try tuner.proceed(place, "preparing \(backend.name)")
      do {
        let workload = try host.prepare(request(backend, tiles: [:]))
        try check(workload, backend: backend.name)
        singles.append(
          Single(
            backend: backend, workload: workload, facts: workload.facts,
            isa: backend.isa(with: isa.kernels)))
      } catch MeasuringError.workload(let status, let reason) {
        result.leftOut.append((backend.name, "\(status.rawValue): \(reason)"))
      }
    }
    guard !singles.isEmpty else {
      throw MeasuringError.unavailable(
        "no backend computes \(graph.networkName): "
          + result.leftOut.map { "\($0.backend) \($0.reason)" }.joined(separator: "; "))
    }
  }

  /// All in turns; then the stages of each. The fastest is first afterwards.
  private func timeSingles() throws {
    let workloads = Dictionary(
      uniqueKeysWithValues: singles.compactMap { single in
        single.workload.map { (single.backend.name, $0) }
      })
    func time(_ single: Single, _ iterations: Int) throws -> Double {
      guard let workload = workloads[single.backend.name] else { return .infinity }
      return try duel.time(workload, iterations)
    }
    for index in singles.indices { singles[index].times = [try time(singles[index], 1)] }
    for _ in 0..<Self.singleRounds {
      let least = singles.map(\.median).min() ?? 0
      for index in singles.indices where singles[index].median <= least * Self.slowFactor {
        try tuner.proceed(place, singles[index].backend.name)
        let iterations = NetDuel.iterations(singles[index].median)
        singles[index].times.append(try time(singles[index], iterations))
      }
    }
    singles.sort { $0.median < $1.median }
    for index in singles.indices {
      guard let workload = singles[index].workload else { continue }
      singles[index].stageNanoseconds = try stageTimes(workload)
    }
    result.singles = singles.map {
      TunedNet.Single(backend: $0.backend.name, nanoseconds: $0.median)
    }
  }

  /// Nanoseconds of each stage in a net, the fastest of a few calls: of its steps, and of the changes
  /// of layout that they need.
  private func stageTimes(_ workload: any Workload) throws -> [String: Double] {
    let steps = workload.facts.steps
    var least = [Int](repeating: .max, count: steps.count)
    for _ in 0..<5 {
      try tuner.proceed(place, "looking at stages")
      let measured = try workload.timeSteps(BlockRequest(iterations: 1, isPrimed: true))
      least = zip(least, measured.stepNanoseconds).map { min($0, $1) }
    }
    var times: [String: Double] = [:]
    for (index, step) in steps.enumerated() {
      let reader = steps[index...].first {
        !$0.nodes.isEmpty && $0.inputs.contains(step.outputs[0])
      }
      let owner = step.nodes.first ?? reader?.nodes.first ?? graph.nodes.count - 1
      times[graph.nodes[owner].stage, default: 0] += Double(least[index])
    }
    return times
  }

  // MARK: The result

  /// Puts what was found into the result, as rows of `plan.csv` too.
  private func finish(_ best: Net) {
    result.stages = stages.compactMap { stage in
      best.choices.layers[stage].map { (stage, $0) }
    }
    let origin = PlanOrigin(here: graph)
    for node in graph.nodes.indices {
      let layer = graph.nodes[node].layer.name
      var layerPlace = place
      layerPlace.node = node
      let key = tuner.key(layerPlace, backend: tuner.planned.name, isa: result.isa)
      let chosen = best.choices.layers[layer]?.description
      for (text, time) in (tried[layer] ?? [:]).sorted(by: { $0.value < $1.value })
      where text != chosen {
        result.rows.append(
          PlanRow(
            key: key, tile: text, nanoseconds: Int(time), isChosen: false, origin: origin))
      }
      if let chosen {
        result.rows.append(
          PlanRow(
            key: key, tile: chosen, nanoseconds: Int(result.nanoseconds), isChosen: true,
            origin: origin))
      }
      for single in singles {
        let key = tuner.key(layerPlace, backend: single.backend.name, isa: single.isa)
        result.rows += single.facts.candidates.filter { $0.layer == layer }.map {
          PlanRow(
            key: key, tile: $0.tile, nanoseconds: $0.nanoseconds, isChosen: $0.isChosen,
            origin: origin)
        }
      }
    }
  }
}
