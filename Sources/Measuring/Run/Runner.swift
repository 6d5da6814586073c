import Execution
import Networks
import Results

/// What a run gave.
package struct RunRecord: Sendable {
  package var workloads: [WorkloadRow] = []
  package var samples: [SampleRow] = []
  package var layers: [LayerRow] = []
  package var phases: [PhaseRow] = []
  package var counters: [CounterRow] = []
  /// The tiles that were tried, the chosen ones marked.
  package var plan: [PlanRow] = []
  package var roofs: [RoofRow] = []
  package var wasInterrupted = false
  /// What a reader of the numbers must know about the run itself, one sentence each.
  package var warnings: [String] = []

  /// Rows whose outputs were wrong, or could not be trusted.
  package var incorrect: [WorkloadRow] {
    workloads.filter { $0.status == .failed || $0.status == .mistrusted }
  }

  /// Whether any workload passed its checks.
  package var hasAnyResult: Bool { workloads.contains { $0.status == .ok } }
}

/// Plans and drives a run: networks × batches × thread counts, in each the layers alone, then the
/// nets.
package final class Runner {
  private let matrix: RunMatrix
  private let makeHost: (Int) throws -> any WorkloadHost
  private let folder: RunFolder?
  private let progress: Progress
  private let isInterrupted: () -> Bool
  private let workerCommand: [String]
  private let otherRuns: OtherRuns?
  private let references: ReferenceCache
  private var roofClock = RoofClock()
  private var record = RunRecord()
  private var roofLog = RoofLog()
  private var rowOfKey: [WorkloadKey: Int] = [:]
  private let earlier: RunProgress
  /// What the time is spent on.
  package let ledger: TimeLedger
  private var budget: TimeBudget?
  /// Backends that a run of a given time has no time for, with the reason.
  private var leftOut: [GroupID: [String: String]] = [:]
  private var isHurried = false

  private var options: RunOptions { matrix.options }

  /// - Parameters:
  ///   - makeHost: the host of a launch, counted from 0.
  ///   - folder: where files go; nil to write none.
  ///   - earlier: what an interrupted run has left in the folder; nil for a new run.
  ///   - workerCommand: of a worker of this program, for what is counted in a child.
  ///   - otherRuns: asked after every block whether it was disturbed; nil not to ask.
  ///   - references: what is known of right results.
  ///   - isInterrupted: asked before every block.
  package init(
    _ matrix: RunMatrix, makeHost: @escaping (_ launch: Int) throws -> any WorkloadHost,
    folder: RunFolder? = nil, earlier: RunProgress? = nil, progress: Progress = Progress(),
    ledger: TimeLedger = TimeLedger(), workerCommand: [String] = [],
    otherRuns: OtherRuns? = nil, references: ReferenceCache = ReferenceCache(),
    isInterrupted: @escaping () -> Bool = { Interruption.signalNumber != nil }
  ) {
    self.matrix = matrix
    self.makeHost = makeHost
    self.folder = folder
    self.earlier = earlier ?? RunProgress()
    self.ledger = ledger
    self.progress = progress
    self.workerCommand = workerCommand
    self.otherRuns = otherRuns
    self.references = references
    self.isInterrupted = isInterrupted
  }

  /// Measures everything; an interruption ends it early, with what there is.
  /// - Throws: what makes going on pointless. Samples written until then are valid.
  package func run() throws -> RunRecord {
    let factory = RowFactory(runID: folder?.runID ?? "", options: options)
    let places = matrix.places
    record.layers = matrix.graphs.flatMap(factory.layers)
    try folder?.write(record.layers)
    try takeUpEarlier()
    let launchCount = options.launches ?? 1
    progress.expect(places.reduce(0) { $0 + work(of: $1) } * Double(launchCount))
    divideBudget(launchCount: launchCount)
    for launch in 0..<launchCount where !record.wasInterrupted {
      let missing = places.filter { !earlier.done.contains(groupOf($0, launch)) }
      progress.advance(
        (places.reduce(0) { $0 + work(of: $1) }) - missing.reduce(0) { $0 + work(of: $1) })
      guard !missing.isEmpty else { continue }
      let host = try ledger.measure(.launching) { try makeHost(launch) }
      defer { host.close() }
      roofClock = RoofClock()
      for places in together(missing) where !record.wasInterrupted {
        try measure(places, launch: launch, host: host, factory: factory)
      }
    }
    progress.clear()
    record.warnings += otherRuns?.warnings ?? []
    return record
  }

  private func groupOf(_ place: WorkloadPlace, _ launch: Int) -> LaunchedGroup {
    LaunchedGroup(launch: launch, group: GroupID(place))
  }

  /// Groups get time according to what they need at least.
  private func divideBudget(launchCount: Int) {
    guard let nanoseconds = options.filledNanoseconds else { return }
    let forecast = RunForecast(matrix)
    var needs: [LaunchedGroup: Double] = [:]
    for launch in 0..<launchCount {
      for group in forecast.groups where !earlier.done.contains(groupOf(group.place, launch)) {
        needs[groupOf(group.place, launch)] = group.seconds
      }
    }
    for group in forecast.groups { leftOut[GroupID(group.place)] = group.leftOut }
    budget = TimeBudget(nanoseconds: nanoseconds, needs: needs)
    progress.fill(nanoseconds)
  }

  /// Begins with what is complete already.
  private func takeUpEarlier() throws {
    try folder?.openJournal()
    record.samples = earlier.samples
    record.workloads = earlier.workloads
    record.phases = earlier.phases
    record.counters = earlier.counters
    record.plan = earlier.plan
    for (index, row) in record.workloads.enumerated() { rowOfKey[row.key] = index }
    for probe in earlier.roofs { roofLog.add(probe.readings, threads: probe.threads) }
    record.roofs = roofLog.rows(runID: folder?.runID ?? "")
  }

  // MARK: Groups

  /// Times that a group is visited: its rounds are spread, so that what a neighbour does to the machine
  /// for a while meets some of them, and not all.
  private static let visitCount = 4

  /// A precision is looked at while a group is measured, in one visit.
  private var visitCount: Int {
    options.isCheckOnly || options.precision != nil ? 1 : Self.visitCount
  }

  /// Places that are held in memory at the same time, in the order of the run.
  private func together(_ places: [WorkloadPlace]) -> [[WorkloadPlace]] {
    guard visitCount > 1 else { return places.map { [$0] } }
    return HeldGroups.divide(places, matrix)
  }

  /// Some groups in one launch, visit by visit, and their files.
  private func measure(
    _ places: [WorkloadPlace], launch: Int, host: any WorkloadHost, factory: RowFactory
  ) throws {
    let ids = places.map { groupOf($0, launch) }
    let allowance = budget?.take(ids, elapsed: ledger.elapsedNanoseconds)
    let deadline = allowance.map { $0 + ledger.elapsedNanoseconds }
    try computeReferences(places)
    var groups: [GroupRunner] = []
    for (place, id) in zip(places, ids) where !record.wasInterrupted {
      let log = GroupLog(
        folder: folder, place: id, earlier: earlier.partial[id], ledger: ledger,
        writePlan: { [folder, record] in try folder?.write(record.plan + $0) })
      let context = GroupRunner.Context(
        host: host, factory: hurried(factory), references: references,
        plan: options.plan + record.plan,
        progress: progress, ledger: ledger, workerCommand: workerCommand, otherRuns: otherRuns,
        roofClock: roofClock, isInterrupted: isInterrupted)
      let group = GroupRunner(
        place, matrix.contenders, context: context, log: log,
        leftOut: leftOut[id.group] ?? [:], allowance: allowance.map { $0 / places.count })
      groups.append(group)
      try group.begin()
      record.plan += group.plan
      try visit(group, place, 0, until: firstGoal(group, place))
    }
    let goals = deadline.map {
      finalGoals(groups, places, nanoseconds: $0 - ledger.elapsedNanoseconds)
    }
    for number in 1..<max(visitCount, 1) {
      for (index, group) in groups.enumerated() where !record.wasInterrupted {
        let goal = goals?[index] ?? fixedGoal(group, places[index])
        try visit(group, places[index], number, until: part(goal, number))
      }
    }
    for (index, group) in groups.enumerated() {
      record.wasInterrupted = record.wasInterrupted || isInterrupted()
      if record.wasInterrupted { try group.interrupt() }
      let result = try group.finish()
      add(result)
      roofLog.add(result.roofs, threads: places[index].threads)
      try write(factory)
      if !result.wasInterrupted { try group.noteDone() }
    }
  }

  /// References of all places that will be measured, on all processors, before anything is held in
  /// memory.
  private func computeReferences(_ places: [WorkloadPlace]) throws {
    let able = places.filter { place in
      let contenders = matrix.contenders.filter { $0.obstacle(place) == nil }
      return !contenders.isEmpty
        && MemoryGuard.refusal(MemoryEstimate(of: place, options), of: contenders) == nil
    }
    var rest = able[...]
    while !rest.isEmpty, !isInterrupted() {
      try ledger.measure(.reference) {
        try references.compute(Array(rest.prefix(Self.referencesAtATime)), seed: options.seed)
      }
      rest = rest.dropFirst(Self.referencesAtATime)
    }
  }

  /// Until the next look at an interruption.
  private static let referencesAtATime = 16

  /// One visit, and what it gave.
  private func visit(
    _ group: GroupRunner, _ place: WorkloadPlace, _ number: Int, until goal: RoundPlan.Goal
  ) throws {
    try group.measure(until: goal.rounds, blocks: goal.blocks)
    record.samples += group.takeSamples()
    record.wasInterrupted = record.wasInterrupted || group.wasInterrupted
    progress.advance(work(of: place) / Double(visitCount))
    try ledger.measure(.writing) { try folder?.flush() }
  }

  /// What a group has in the end where the number of rounds is fixed beforehand.
  private func fixedGoal(_ group: GroupRunner, _ place: WorkloadPlace) -> RoundPlan.Goal {
    let wish = RoundPlan.Wish(place, in: matrix)
    return RoundPlan.Goal(
      rounds: group.roundCount,
      blocks: RoundPlan.blocks(group.slowBlocks, beside: group.roundCount, wish.family))
  }

  /// What a group has after the first visit: some rounds of those that it needs in any case.
  private func firstGoal(_ group: GroupRunner, _ place: WorkloadPlace) -> RoundPlan.Goal {
    guard visitCount > 1, budget != nil else { return part(fixedGoal(group, place), 0) }
    let wish = RoundPlan.Wish(place, in: matrix)
    return part(
      RoundPlan.Goal(
        rounds: min(wish.roundCount, group.roundCount), blocks: group.slowBlocks), 0)
  }

  /// What of a goal is reached with a visit.
  private func part(_ goal: RoundPlan.Goal, _ number: Int) -> RoundPlan.Goal {
    let (done, all) = (number + 1, visitCount)
    return RoundPlan.Goal(
      rounds: (goal.rounds * done + all - 1) / all, blocks: (goal.blocks * done + all - 1) / all)
  }

  /// What the groups are to have in the end, in a given time.
  private func finalGoals(
    _ groups: [GroupRunner], _ places: [WorkloadPlace], nanoseconds: Int
  ) -> [RoundPlan.Goal] {
    let demands = groups.map(\.demand)
    let able = groups.indices.filter { demands[$0] != nil }
    let plan = RoundPlan(
      able.compactMap { index in
        demands[index].map { ($0, RoundPlan.Wish(places[index], in: matrix)) }
      }, slowBlocks: options.slowBlocks, nanoseconds: nanoseconds)
    let known = Dictionary(zip(able, plan.goals)) { first, _ in first }
    return groups.indices.map { known[$0] ?? RoundPlan.Goal(rounds: 0, blocks: 0) }
  }

  private func write(_ factory: RowFactory) throws {
    record.roofs = roofLog.rows(runID: factory.runID)
    try ledger.measure(.writing) {
      try folder?.flush()
      try folder?.write(record.roofs)
      try folder?.write(record.workloads)
      if !record.plan.isEmpty { try folder?.write(record.plan) }
      if options.measuresPhases { try folder?.write(record.phases) }
      if options.counters != nil { try folder?.write(record.counters) }
    }
  }

  /// Once the budget is used up, options for the shortest run that still measures.
  private func hurried(_ factory: RowFactory) -> RowFactory {
    guard let budget = options.budgetNanoseconds,
      ledger.elapsedNanoseconds > budget
    else { return factory }
    if !isHurried {
      isHurried = true
      record.warnings.append(
        "the time of the run was used up before its end: the rest has one square of rounds and no "
          + "long warm-up")
    }
    var factory = factory
    factory.options.rounds = 1
    factory.options.maximumRounds = nil
    factory.options.slowBlocks = 1
    // The fewest blocks that show whether it is steady.
    factory.options.warmUpNanoseconds = 1
    return factory
  }

  /// How long a group takes, in arbitrary units: overhead per block, and its arithmetic.
  private func work(of place: WorkloadPlace) -> Double {
    1 + Double(place.cost.flops) / 1e8
  }

  /// Adds a group's rows; a later launch's are merged into the first one's.
  private func add(_ group: GroupRecord) {
    record.warnings += group.warnings.filter { !record.warnings.contains($0) }
    // Later launches repeat them.
    let known = Set(record.phases.map(\.key))
    record.phases += group.phases.filter { !known.contains($0.key) }
    // Counted in the first launch only.
    record.counters += group.counters
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
