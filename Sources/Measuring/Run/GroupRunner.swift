import CSupport
import Execution
import Networks
import Results
import Statistics
import Tensors

/// Stops a group at the next block.
struct Interrupted: Error {}

/// What one group of workloads gave.
struct GroupRecord {
  var workloads: [WorkloadRow] = []
  var samples: [SampleRow] = []
  var phases: [PhaseRow] = []
  var counters: [CounterRow] = []
  var plan: [PlanRow] = []
  /// Of all probings, at the group's thread count.
  var roofs: [RoofReading] = []
  var wasInterrupted = false
  /// One sentence each.
  var warnings: [String] = []
}

/// Measures all contenders on one layer, or on one net: all are held in memory at once and take
/// turns.
///
/// A run may hold many groups and visit each several times, so that the rounds of a group are spread
/// over the run: ``begin()``, ``measure(until:blocks:)`` as often as wanted, ``finish()``.
final class GroupRunner {
  /// What the groups of a run have in common.
  struct Context {
    var host: any WorkloadHost
    var factory: RowFactory
    var references: ReferenceCache
    /// Choices of tiles that were made before.
    var plan: [PlanRow]
    var progress: Progress
    var ledger: TimeLedger
    /// The command of a worker of this program, for what is counted in a child.
    var workerCommand: [String] = []
    /// Runs that disturb this one; nil where nobody looks.
    var otherRuns: OtherRuns?
    /// When the roofs were probed last.
    var roofClock = RoofClock()
    var isInterrupted: () -> Bool
  }

  /// One contender with what became of it.
  private final class Entrant {
    /// Position among the group's contenders.
    let index: Int
    let contender: Contender
    var request: WorkloadRequest
    var row: WorkloadRow
    /// Nil before it is prepared, and when it is out.
    var workload: (any Workload)?
    /// Without what slows it down on purpose.
    var base: (any Workload)?
    /// What was said of it when it was prepared.
    var facts = PreparedFacts()
    /// One call.
    var nanoseconds = 0
    /// Calls per block.
    var iterations = 1
    /// The calls that told ``nanoseconds``.
    var calls: [BlockMeasurement] = []
    /// Blocks that were timed of one that takes no turns.
    var blockCount = 0
    var isSteady = false
    /// Of a net, what was found at its blobs.
    var blobs: [Graph.ValueID: CheckFacts] = [:]
    /// What the command of a row has to say of tiles.
    var tileOption = ""

    var name: String { contender.backend.name }
    var isAlive: Bool { workload != nil }

    init(index: Int, contender: Contender, request: WorkloadRequest, row: WorkloadRow) {
      self.index = index
      self.contender = contender
      self.request = request
      self.row = row
    }

    func release() { (workload, base) = (nil, nil) }
  }

  private let place: WorkloadPlace
  private let context: Context
  private let log: GroupLog
  /// Reasons by backend of those that there is no time for.
  private let leftOut: [String: String]
  /// Nanoseconds that the group may take; nil for any.
  private let allowance: Int?
  /// Clock when the group began.
  private let start = Int(alex_monotonic_ns())
  private let entrants: [Entrant]
  private var record = GroupRecord()
  /// Nil before times are known, and where nothing is timed.
  private var schedule: Schedule?
  private var roundsDone: Int
  /// Rounds that were timed here, and how long they took.
  private var (timedRounds, roundNanoseconds) = (0, 0)
  /// What the first check took.
  private var checkNanoseconds = 0
  /// Samples that somebody has taken.
  private var handedOut = 0

  private var host: any WorkloadHost { context.host }
  private var options: RunOptions { context.factory.options }
  private var ledger: TimeLedger { context.ledger }
  private var launch: Int { log.place.launch }
  private var graph: Graph { place.graph }
  private var alive: [Entrant] { entrants.filter(\.isAlive) }

  init(
    _ place: WorkloadPlace, _ contenders: [Contender], context: Context, log: GroupLog,
    leftOut: [String: String] = [:], allowance: Int? = nil
  ) {
    self.place = place
    self.context = context
    self.log = log
    self.leftOut = leftOut
    self.allowance = allowance
    roundsDone = log.earlier?.roundCount ?? 0
    let options = context.factory.options
    entrants = contenders.enumerated().map { index, contender in
      var request = WorkloadRequest(place, on: contender.backend, kernels: contender.kernels)
      request.cpus = options.cpus
      request.seed = options.seed
      request.measuresReorders = !options.isCheckOnly
      request.tiles = options.tiles
      request.tile = options.tile
      request.customBLAS = options.customBLAS
      return Entrant(
        index: index, contender: contender, request: request,
        row: WorkloadRow(
          key: context.factory.key(place, contender), status: .ok,
          repro: context.factory.repro(place, contender)))
    }
  }

  /// All at once.
  /// - Throws: what makes going on pointless, such as a worker that died or a full disk.
  func run() throws -> GroupRecord {
    try begin()
    try measure(until: roundCount, blocks: options.slowBlocks)
    return try finish()
  }

  /// Prepares and checks all contenders, learns their times, and warms them up.
  func begin() throws {
    try unlessInterrupted {
      try prepare()
      if !record.plan.isEmpty { try log.writePlan(record.plan) }
      try check(isFirst: true)
      guard !options.isCheckOnly else { return }
      try calibrate()
      if !alive.isEmpty { try makeSchedule() }
    }
  }

  /// Goes on until there are so many rounds, and so many blocks of each that takes no turns.
  func measure(until rounds: Int, blocks: Int) throws {
    guard let schedule else { return }
    try unlessInterrupted {
      try measureRounds(schedule, until: rounds)
      try measureOutside(schedule, until: blocks)
    }
  }

  /// Times all that is alive for one more square of rounds. Those outside of it have their blocks with
  /// the first one.
  /// - Returns: false when there is nothing left to time.
  func visitOnce() throws -> Bool {
    guard let schedule else { return false }
    let square = squareRounds(schedule)
    try measure(until: (roundsDone / square + 1) * square, blocks: options.slowBlocks)
    return !record.wasInterrupted && roundsDone < schedule.rounds.count
      && schedule.inside.contains { entrants[$0].isAlive }
  }

  /// Lets go of all workloads.
  func release() { for entrant in entrants { entrant.release() } }

  /// What is measured once, and the last check; frees everything.
  func finish() throws -> GroupRecord {
    defer { release() }
    try unlessInterrupted {
      guard !options.isCheckOnly else { return }
      if options.measuresPhases, launch == 0 { try measurePhases() }
      if let counters = options.counters, launch == 0 { try measureCounters(counters) }
      try check(isFirst: false)
    }
    dropCountersOfRejected()
    record.workloads = rows
    return record
  }

  /// Takes out all contenders where the run is interrupted; nothing once it was.
  private func unlessInterrupted(_ work: () throws -> Void) throws {
    guard !record.wasInterrupted else { return }
    do { try work() } catch is Interrupted {
      record.wasInterrupted = true
      for entrant in entrants where entrant.row.status == .ok {
        reject(entrant, .skipped, "interrupted before it was complete")
      }
    }
  }

  // MARK: What a plan of rounds asks

  /// Whether it was cut short.
  var wasInterrupted: Bool { record.wasInterrupted }

  /// Rounds in all where their number is fixed, at most where it is not.
  var roundCount: Int { schedule?.rounds.count ?? 0 }

  /// Blocks of a contender that takes no turns, unless a plan says otherwise.
  var slowBlocks: Int { options.slowBlocks }

  /// The run ends; what is not complete says so.
  func interrupt() throws { try unlessInterrupted { throw Interrupted() } }

  /// All of it is in the run's files.
  func noteDone() throws { try log.note(.done) }

  /// The choices of tiles that were made here.
  var plan: [PlanRow] { record.plan }

  /// The samples since the last time.
  func takeSamples() -> [SampleRow] {
    defer { handedOut = record.samples.count }
    return Array(record.samples[handedOut...])
  }

  /// What a plan of rounds goes by; nil where nothing takes turns.
  var demand: RoundPlan.Demand? {
    guard let schedule, !record.wasInterrupted else { return nil }
    let inside = schedule.inside.map { entrants[$0] }.filter(\.isAlive)
    let outside = schedule.outside.map { entrants[$0] }.filter(\.isAlive)
    guard !inside.isEmpty || !outside.isEmpty else { return nil }
    let passes = place.passes.count
    return RoundPlan.Demand(
      squareRounds: squareRounds(schedule), done: roundsDone, limit: schedule.rounds.count,
      roundNanoseconds: timedRounds > 0
        ? roundNanoseconds / timedRounds : inside.reduce(0) { $0 + $1.nanoseconds } * 2 * passes,
      scatter: scatter(inside),
      slowNanoseconds: outside.reduce(0) {
        $0 + max($1.nanoseconds, Schedule.blockNanoseconds) * passes
      },
      restNanoseconds: checkNanoseconds)
  }

  private func squareRounds(_ schedule: Schedule) -> Int {
    max(WilliamsSquare.rows(treatments: max(schedule.inside.count, 1)).count, 1)
  }

  /// How far the ratios of two contenders scatter from round to round: the largest over all that take
  /// turns beside the first; nil with too few rounds.
  private func scatter(_ inside: [Entrant]) -> Double? {
    guard let first = inside.first else { return nil }
    func times(_ entrant: Entrant) -> [Int: Double] {
      let key = entrant.row.key
      let own = record.samples.filter {
        $0.key.backend == key.backend && $0.key.isa == key.isa && $0.key.pass == place.pass
      }
      return Dictionary(grouping: own, by: \.round).mapValues { blocks in
        Double(blocks.reduce(0) { $0 + $1.block.wallNanoseconds })
          / Double(max(blocks[0].block.iterations, 1))
      }
    }
    let base = times(first)
    return inside.dropFirst().compactMap { entrant -> Double? in
      let ratios = times(entrant).compactMap { round, time in base[round].map { time / $0 } }
      guard ratios.count >= 4, let all = OrderStatistics(ratios), all.median > 0 else { return nil }
      return all.medianAbsoluteDeviation / all.median
    }.max()
  }

  // MARK: Preparing and checking

  private func prepare() throws {
    let able = entrants.map(\.contender).filter {
      $0.obstacle(place) == nil && leftOut[$0.backend.name] == nil
    }
    if let reason = MemoryGuard.refusal(MemoryEstimate(of: place, options), of: able) {
      for entrant in entrants { reject(entrant, .skipped, reason) }
      return
    }
    for entrant in entrants {
      let contender = entrant.contender
      if let unavailability = contender.backend.unavailability {
        reject(entrant, .unavailable, unavailability.description)
      } else if let reason = contender.skipReason(place) ?? place.skipReason
        ?? leftOut[entrant.name]
      {
        reject(entrant, .skipped, reason)
      } else {
        try proceed("preparing", entrant)
        do { try prepare(entrant) } catch MeasuringError.workload(let status, let reason) {
          reject(entrant, status, reason)
        }
      }
    }
  }

  private func prepare(_ entrant: Entrant) throws {
    // Copies of a backend get the choices of the first one.
    let chosen = (context.plan + record.plan).tiles(for: planKey(entrant))
    entrant.request.tiles.merge(chosen) { mine, _ in mine }
    let base =
      try twin(of: entrant)
      ?? ledger.measure(.preparing) { try host.prepare(entrant.request) }
    keepPlan(base.facts.candidates, entrant)
    entrant.base = base
    let workload =
      options.isCheckOnly
      ? base
      : options.slowDowns.applied(to: base, place, backend: entrant.name) {
        record.warnings.append($0)
      }
    entrant.workload = workload
    entrant.facts = workload.facts
    if let count = workload.facts.threadsInUse {
      record.warnings.append(
        "\(entrant.name) computes on \(count) thread\(count == 1 ? "" : "s") where \(place.threads) "
          + "were asked for, which is all that its library takes; its kernel_id says so")
    }
    entrant.row.facts = workload.facts.facts
    entrant.nanoseconds = workload.facts.facts.firstNanoseconds ?? 0
    if place.passes == [.inNet], workload.facts.steps.isEmpty {
      reject(entrant, .skipped, noSteps(entrant))
    }
    if !place.isNet, let coverage = workload.facts.coverage.first, coverage.status != .ok {
      reject(entrant, coverage.status, coverage.reason)
    }
  }

  /// The workload that a name such as `simd@2` is a second name of, if it is there.
  private func twin(of entrant: Entrant) -> (any Workload)? {
    guard RepeatedBackend.sharesInstance(entrant.name) else { return nil }
    return entrants.first { other in
      other.name == RepeatedBackend.baseName(of: entrant.name)
        && other.contender.kernels == entrant.contender.kernels
    }?.base
  }

  /// Compares with the reference, on the buffers that are timed.
  private func check(isFirst: Bool) throws {
    let images = ReferenceCache.checkedImages(batch: place.batch)
    let begin = ledger[.checking]
    defer { if isFirst { checkNanoseconds = ledger[.checking] - begin } }
    for entrant in alive {
      if isFirst { try proceed("checking", entrant) }
      let verdict = try ledger.measure(.checking) {
        try ask(entrant) { try $0.outputs(images: images) }.map { blobs in
          let seed = entrant.request.seed
          try ledger.measure(.reference) { try context.references.compute(place, seed: seed) }
          return try context.references.judge(blobs, of: place, seed: seed, facts: entrant.facts)
        }
      }
      guard let verdict else { continue }
      entrant.row.check = entrant.row.check.worst(verdict.check)
      entrant.blobs.merge(verdict.blobs) { $0.worst($1) }
      guard verdict.status != .ok else { continue }
      reject(entrant, verdict.status, (isFirst ? "" : "after timing: ") + verdict.reason)
    }
  }

  /// What a contender's workload answers; nil once the contender is out. One that fails at it is taken
  /// out, and the others go on.
  private func ask<Answer>(
    _ entrant: Entrant, _ question: (any Workload) throws -> Answer
  ) throws -> Answer? {
    guard let workload = entrant.workload else { return nil }
    do { return try question(workload) } catch MeasuringError.workload(let status, let reason) {
      reject(entrant, status, reason)
      return nil
    }
  }

  /// Takes a contender out, with the reason in its row.
  private func reject(_ entrant: Entrant, _ status: Status, _ reason: String) {
    entrant.row.status = status
    entrant.row.reason = reason
    entrant.release()
  }

  private func proceed(_ what: @autoclosure () -> String, _ entrant: Entrant) throws {
    if context.isInterrupted() { throw Interrupted() }
    context.progress.show(
      "\(graph.networkName) \(place.label), batch \(place.batch), "
        + "\(place.threads) thread\(place.threads == 1 ? "" : "s"): \(entrant.name), \(what())")
  }

  // MARK: Timing

  /// The time of one call, well enough to size blocks. The first call counts page faults, so a
  /// short one is repeated.
  private func calibrate() throws {
    for entrant in alive {
      // A program need not have told its first call.
      if entrant.nanoseconds <= 0 { entrant.nanoseconds = .max }
      // One call of this length tells enough, and more would take the time of many blocks.
      if entrant.nanoseconds != .max, entrant.nanoseconds > Schedule.longNanoseconds,
        entrant.contender.backend.threading == .single
      {
        continue
      }
      var calls = 0
      while calls == 0 || entrant.nanoseconds < Schedule.slowNanoseconds(place.pass), calls < 3 {
        try proceed("calibrating", entrant)
        let request = BlockRequest(iterations: 1, isPrimed: false)
        let block = try ledger.measure(.warmUp) {
          try time(entrant, \.self) { try $0.time(request) }
        }
        guard let block else { break }
        entrant.nanoseconds = min(entrant.nanoseconds, block.wallNanoseconds)
        entrant.calls.append(block)
        calls += 1
      }
      entrant.nanoseconds = max(entrant.nanoseconds, 1)
    }
  }

  /// Decides who takes turns in which order, as before where the group was begun before, and warms
  /// those up.
  private func makeSchedule() throws {
    let seed = Schedule.seed(
      run: options.seed, network: graph.networkName, layer: place.label, batch: place.batch,
      threads: place.threads, launch: launch)
    // Rounds that the order is made for.
    let roundLimit = options.maximumRounds ?? options.rounds
    let alive = alive
    let schedule: Schedule
    for entrant in alive {
      entrant.iterations = Schedule.iterations(nanoseconds: entrant.nanoseconds)
      entrant.blockCount = log.earlier?.blockCounts[entrant.index] ?? 0
    }
    if let record = log.earlier?.schedule {
      schedule = Schedule(
        inside: record.inside, outside: record.outside, minimumRounds: roundLimit, seed: seed)
      for (index, iterations) in zip(record.inside, record.iterations)
      where entrants.indices.contains(index) {
        entrants[index].iterations = iterations
      }
    } else {
      let divided = Schedule(
        nanoseconds: alive.map(\.nanoseconds),
        isSingle: alive.map { $0.contender.backend.threading == .single },
        pass: place.pass, minimumRounds: 1, seed: seed)
      schedule = Schedule(
        inside: divided.inside.map { alive[$0].index },
        outside: divided.outside.map { alive[$0].index }, minimumRounds: roundLimit, seed: seed)
    }
    self.schedule = schedule
    if roundsDone < schedule.rounds.count {
      for index in schedule.inside { try warmUp(entrants[index]) }
    }
    guard log.earlier == nil else { return }
    let began = ScheduleRecord(
      inside: schedule.inside, outside: schedule.outside,
      iterations: schedule.inside.map { entrants[$0].iterations },
      passCount: place.passes.count)
    try log.note(
      .began(began), roofs: schedule.rounds.isEmpty ? try probeRoofsIfDue() : [])
  }

  /// Nothing where no time is given: of many visits the first ones warm up.
  private func warmUp(_ entrant: Entrant) throws {
    guard entrant.isAlive, options.warmUpNanoseconds > 0 else { return }
    entrant.isSteady = try ledger.measure(.warmUp) {
      // Long calls are blocks of their own.
      let earlier = entrant.iterations == 1 ? entrant.calls.suffix(WarmUp.blockCount - 1) : []
      return try WarmUp.run(capNanoseconds: warmUpCap, after: Array(earlier)) {
        try proceed("warming up", entrant)
        let request = BlockRequest(iterations: entrant.iterations, isPrimed: false)
        return try time(entrant, \.self) { try $0.time(request) }
      }
    }
  }

  /// With a budget all warm-ups of a group together take a fifth of its share at most.
  private var warmUpCap: Int {
    guard options.maximumRounds != nil, let allowance else { return options.warmUpNanoseconds }
    return min(options.warmUpNanoseconds, allowance / 5 / max(alive.count, 1))
  }

  /// Rounds until there are so many, or with a precision until the rule says that it is enough.
  private func measureRounds(_ schedule: Schedule, until end: Int) throws {
    let rule = options.precision.map { precision in
      StopRule(
        squareRounds: squareRounds(schedule), minimum: options.rounds,
        maximum: options.maximumRounds ?? options.rounds, precision: precision,
        allowance: allowance)
    }
    let begin = Int(alex_monotonic_ns())
    let first = roundsDone
    /// What is known after some rounds.
    func state(_ round: Int) -> StopRule.State {
      let now = Int(alex_monotonic_ns())
      let outside = schedule.outside.map { entrants[$0] }.filter(\.isAlive).reduce(0) { sum, own in
        sum + max(own.nanoseconds, Schedule.blockNanoseconds) * place.passes.count
          * options.slowBlocks
      }
      return StopRule.State(
        elapsed: now - start,
        squareNanoseconds: (now - begin) / max(round - first, 1) * squareRounds(schedule),
        restNanoseconds: outside, halfWidths: halfWidths(schedule))
    }
    while roundsDone < min(end, schedule.rounds.count),
      rule?.goesOn(state(roundsDone), round: roundsDone) ?? true
    {
      let begin = Int(alex_monotonic_ns())
      try measure(round: roundsDone, schedule)
      roundsDone += 1
      timedRounds += 1
      roundNanoseconds += Int(alex_monotonic_ns()) - begin
    }
  }

  /// Of those in the square that are alive, how far the interval of the median reaches.
  private func halfWidths(_ schedule: Schedule) -> [Double?] {
    let samples = Dictionary(grouping: (log.earlier?.samples ?? []) + record.samples) {
      [$0.key.backend, $0.key.isa]
    }
    return schedule.inside.map { entrants[$0] }.filter(\.isAlive).map { entrant in
      let key = entrant.row.key
      let own = (samples[[key.backend, key.isa]] ?? []).filter { $0.key.pass == place.pass }
      // Of the steps inside a net the sum is looked at.
      let rounds = Dictionary(grouping: own, by: \.round).values.map { round in
        Double(round.reduce(0) { $0 + $1.block.wallNanoseconds })
          / Double(max(round[0].block.iterations, 1))
      }
      return StopRule.halfWidth(rounds)
    }
  }

  /// One turn of each.
  private func measure(round: Int, _ schedule: Schedule) throws {
    let roofs = try probeRoofsIfDue()
    var samples: [SampleRow] = []
    // What was measured of a round that is cut short is kept.
    defer { record.samples += samples }
    do {
      for (position, index) in schedule.rounds[round].enumerated() where entrants[index].isAlive {
        let limit = options.maximumRounds == nil ? " of \(schedule.rounds.count)" : ""
        try proceed("round \(round + 1)\(limit)", entrants[index])
        samples += try turn(
          entrants[index], round: round, position: position, isPrimed: !isLong(entrants[index]))
      }
    } catch is Interrupted {
      try log.append(samples)
      throw Interrupted()
    }
    try log.note(.round(round), samples: samples, roofs: roofs)
  }

  /// Beside the samples now and then, since what the machine can do drifts with them.
  private func probeRoofsIfDue() throws -> [RoofReading] {
    guard context.roofClock.isDue(place.threads) else { return [] }
    let readings = try ledger.measure(.roofs) {
      _ = host.waitForQuiet()
      return try host.roofs(RoofRequest(threads: place.threads, cpus: options.cpus))
    }
    record.roofs += readings
    return readings
  }

  /// Those too slow for the square: blocks in a row, until each has so many.
  private func measureOutside(_ schedule: Schedule, until end: Int) throws {
    for (rank, index) in schedule.outside.enumerated() {
      let entrant = entrants[index]
      let first = entrant.blockCount
      while entrant.blockCount < end, entrant.isAlive {
        let round = entrant.blockCount
        try proceed("block \(round + 1)", entrant)
        // Nothing else runs between its blocks, so one priming is enough.
        let samples = try turn(
          entrant, round: round, position: schedule.inside.count + rank,
          isPrimed: round == first && !isLong(entrant))
        record.samples += samples
        try log.note(.block(round, contender: index), samples: samples)
        entrant.blockCount += 1
      }
    }
  }

  /// Whether a call finds no caches warm that it has not warmed itself.
  private func isLong(_ entrant: Entrant) -> Bool {
    entrant.nanoseconds > Schedule.longNanoseconds
  }

  /// The blocks of one contender in one round: of a net one for each pass, on the same memory. The
  /// passes take turns in coming first. Nothing of one that is out.
  private func turn(
    _ entrant: Entrant, round: Int, position: Int, isPrimed: Bool
  ) throws -> [SampleRow] {
    let passes = round.isMultiple(of: 2) ? place.passes : place.passes.reversed()
    let request = BlockRequest(iterations: entrant.iterations, isPrimed: isPrimed)
    return try passes.enumerated().flatMap { offset, pass -> [SampleRow] in
      func row(_ key: WorkloadKey, _ block: BlockMeasurement) -> SampleRow {
        var block = block
        block.isSteady = entrant.isSteady
        // Only the warm-up and the ledger ask for them.
        block.threadCount = nil
        block.primeNanoseconds = nil
        return SampleRow(
          key: key, launch: launch, round: round, position: position * passes.count + offset,
          seed: options.seed, block: block)
      }
      guard pass == .inNet else {
        let block = try booked(\.self) { try time(entrant, \.self) { try $0.time(request) } }
        return block.map { [row(entrant.row.key, $0)] } ?? []
      }
      guard !entrant.facts.steps.isEmpty else { return [] }
      let measured = try booked(\.block) {
        try time(entrant, \.block) { try $0.timeSteps(request) }
      }
      guard let measured else { return [] }
      // What belongs to the whole block, such as processor time and page faults, stands with every
      // step.
      return zip(entrant.facts.steps.indices, measured.stepNanoseconds).compactMap { step, time in
        guard !entrant.facts.steps[step].isElided else { return nil }
        var block = measured.block
        block.wallNanoseconds = time
        return row(stepKey(step, entrant), block)
      }
    }
  }

  /// Times something once the host's other processes are quiet.
  private func time<Answer>(
    _ entrant: Entrant, _ block: WritableKeyPath<Answer, BlockMeasurement>,
    _ work: (any Workload) throws -> Answer
  ) throws -> Answer? {
    let isQuiet = host.waitForQuiet()
    guard var answer = try ask(entrant, work) else { return nil }
    if !isQuiet || context.otherRuns?.look() == true {
      answer[keyPath: block].isContaminated = true
    }
    return answer
  }

  /// Books the blocks of an answer, and the rest of the time that it took as around them.
  private func booked<Answer>(
    _ block: KeyPath<Answer, BlockMeasurement>, _ work: () throws -> Answer?
  ) rethrows -> Answer? {
    guard let answer = try ledger.measure(.quieting, work) else { return nil }
    ledger.rebook(answer[keyPath: block].wallNanoseconds, from: .quieting, to: .blocks)
    ledger.rebook(answer[keyPath: block].primeNanoseconds ?? 0, from: .quieting, to: .priming)
    return answer
  }

  // MARK: Phases and counters

  /// Calls that tell phases: as many as fit in a few blocks, 5 at least.
  private static let phaseNanoseconds = 50_000_000
  private static let phaseCalls = 5...200
  /// Calls that are counted over: as many as fit, so that what happens once in many calls is seen.
  private static let counterNanoseconds = 20_000_000
  private static let counterCalls = 1...200

  private func calls(_ entrant: Entrant, filling nanoseconds: Int, _ range: ClosedRange<Int>) -> Int
  {
    min(max(nanoseconds / max(entrant.nanoseconds, 1), range.lowerBound), range.upperBound)
  }

  /// Times the phases of all that is alive, in calls of their own.
  private func measurePhases() throws {
    for entrant in alive {
      try proceed("phases", entrant)
      let calls = calls(entrant, filling: Self.phaseNanoseconds, Self.phaseCalls)
      let times = try ledger.measure(.phases) {
        _ = host.waitForQuiet()
        return try ask(entrant) { try $0.phases(calls: calls) }
      }
      guard let times else { continue }
      let total = times.reduce(0) { $0 + $1.nanoseconds }
      record.phases += times.map { time in
        PhaseRow(
          key: entrant.row.key, phase: time.phase.rawValue, callCount: calls,
          nanoseconds: time.nanoseconds,
          sharePercent: 100 * Double(time.nanoseconds) / Double(max(total, 1)))
      }
    }
  }

  /// Counts events of all that is alive, in calls of their own.
  private func measureCounters(_ requests: [CounterRequest]) throws {
    let inProcess = requests.filter { $0.source != CallgrindSource.sourceName }
    let simulated = requests.first { $0.source == CallgrindSource.sourceName }
    for entrant in alive where !inProcess.isEmpty {
      guard let workload = entrant.workload else { continue }
      try proceed("counters", entrant)
      let calls = calls(entrant, filling: Self.counterNanoseconds, Self.counterCalls)
      let readings = try ledger.measure(.counters) {
        _ = host.waitForQuiet()
        return try workload.counters(
          inProcess, calls: calls, allowsMultiplexing: options.allowsMultiplexing)
      }
      add(readings, entrant)
    }
    guard let simulated, !alive.isEmpty else { return }
    let child = try ledger.measure(.launching) {
      try CallgrindChild(worker: context.workerCommand, events: simulated.events)
    }
    defer { child.close() }
    for entrant in alive {
      try proceed("callgrind", entrant)
      let readings = try ledger.measure(.counters) {
        try child.count(entrant.request, as: entrant.facts)
      }
      add(readings, entrant)
    }
  }

  /// Leaves out the counts of workloads that were found to be wrong after, or were interrupted.
  private func dropCountersOfRejected() {
    let rejected = Set(entrants.filter { $0.row.status != .ok }.map(\.row.key))
    record.counters.removeAll { rejected.contains($0.key) }
  }

  private func add(_ readings: [CounterReading], _ entrant: Entrant) {
    record.counters += readings.map { CounterRow(entrant.row.key, $0) }
  }

  // MARK: Choices of tiles

  /// Keeps the choices of a workload, and makes its command repeat them.
  private func keepPlan(_ candidates: [TilePlan.Candidate], _ entrant: Entrant) {
    var tiles = entrant.request.tiles
    let origin = candidates.isEmpty ? PlanOrigin() : PlanOrigin(here: graph)
    for candidate in candidates {
      let node = graph.nodes.firstIndex {
        $0.layer.name == candidate.layer && $0.direction == place.direction
      }
      guard let node else { continue }
      var key = layerKey(node, entrant, pass: planKey(entrant).pass)
      key.backend = planKey(entrant).backend
      record.plan.append(
        PlanRow(
          key: key, tile: candidate.tile, nanoseconds: candidate.nanoseconds,
          isChosen: candidate.isChosen, origin: origin))
      if candidate.isChosen { tiles[candidate.layer] = candidate.tile }
    }
    let own = tiles.filter { place.isNet || $0.key == place.layer }
      .map { ListText.escaped("\($0)=\($1)") }.sorted()
    let texts = (entrant.request.tile.map { [$0] } ?? []) + own
    if !texts.isEmpty {
      entrant.tileOption = " " + ShellText.command(["--tile", texts.joined(separator: ",")])
    }
    entrant.row.repro += entrant.tileOption
  }

  /// What the choices of a workload are kept under; the passes of a net share them.
  private func planKey(_ entrant: Entrant) -> WorkloadKey {
    var key = entrant.row.key
    key.backend = RepeatedBackend.baseName(of: key.backend)
    if place.isNet { key.pass = .net }
    return key
  }

  // MARK: Rows

  /// The key of a layer of this group's graph.
  private func layerKey(_ node: Int, _ entrant: Entrant, pass: Pass) -> WorkloadKey {
    var layerPlace = place
    layerPlace.node = node
    var key = context.factory.key(layerPlace, entrant.contender)
    key.pass = pass
    return key
  }

  /// The key of a step: of the layer it is mainly about, or of a reorder.
  private func stepKey(_ step: Int, _ entrant: Entrant) -> WorkloadKey {
    let steps = entrant.facts.steps
    if let main = steps[step].nodes.first { return layerKey(main, entrant, pass: .inNet) }
    // The layers between whose steps the reorder stands; nil at an end of the net.
    let value = steps[step].inputs[0]
    let from = graph.values[value].producer.flatMap { node in
      steps.first { $0.nodes.contains(node) }?.nodes.first
    }
    let to = steps[step...].first { !$0.nodes.isEmpty && $0.inputs.contains(value) }?.nodes.first
    // It is made for the layer that reads it; at the end of the net for the one before.
    var key = layerKey(to ?? from ?? graph.nodes.count - 1, entrant, pass: .inNet)
    func name(_ node: Int?, _ edge: String) -> String {
      node.map { graph.nodes[$0].layer.name } ?? edge
    }
    key.layer = "\(name(from, "input"))>reorder>\(name(to, "output"))"
    key.kind = LayerKind.reorder.rawValue
    return key
  }

  /// Why nothing of the pass inside a net is there.
  private func noSteps(_ entrant: Entrant) -> String {
    "\(entrant.name) does not tell how long its steps take"
  }

  /// All rows of the group.
  private var rows: [WorkloadRow] {
    let own = entrants.map(\.row)
    guard place.isNet else { return own }
    guard place.passes.contains(.inNet) else {
      // Steps are not timed: a row for every layer that is no step of its own.
      return own
        + entrants.flatMap {
          coverageRows(of: graph.nodes.indices, $0, pass: place.pass, repro: $0.row.repro)
        }
    }
    // Without the pass `net` a row of the whole only says what went wrong.
    return own.filter { $0.key.pass != .inNet || $0.status != .ok } + entrants.flatMap(stepRows)
  }

  /// A row for every step of a net, and for every layer that is none of its own.
  private func stepRows(_ entrant: Entrant) -> [WorkloadRow] {
    let repro =
      context.factory.repro(place, entrant.contender, pass: .inNet) + entrant.tileOption
    let (steps, coverage) = (entrant.facts.steps, entrant.facts.coverage)
    if steps.isEmpty, !coverage.isEmpty {
      let nodes = graph.nodes.indices
      return nodes.filter { coverage[$0].status == .ok }.map { node in
        WorkloadRow(
          key: layerKey(node, entrant, pass: .inNet), status: .skipped, reason: noSteps(entrant),
          repro: repro)
      } + coverageRows(of: nodes, entrant, pass: .inNet, repro: repro)
    }
    return steps.indices.flatMap { step -> [WorkloadRow] in
      var rows: [WorkloadRow] = []
      if !steps[step].isElided {
        // Right where the whole net is: its last blob alone tells little of the others.
        var row = WorkloadRow(
          key: stepKey(step, entrant), status: entrant.row.status, reason: entrant.row.reason,
          facts: steps[step].facts, repro: repro)
        if let output = steps[step].outputs.last {
          row.check = entrant.blobs[output] ?? CheckFacts()
        }
        rows.append(row)
      }
      return rows + coverageRows(of: steps[step].nodes, entrant, pass: .inNet, repro: repro)
    }
  }

  /// Rows of those layers of a net that are no steps of their own, with the reason.
  private func coverageRows(
    of nodes: some Sequence<Int>, _ entrant: Entrant, pass: Pass, repro: String
  ) -> [WorkloadRow] {
    let coverage = entrant.facts.coverage
    guard !coverage.isEmpty else { return [] }
    return nodes.compactMap { node in
      guard coverage[node].status != .ok else { return nil }
      return WorkloadRow(
        key: layerKey(node, entrant, pass: pass), status: coverage[node].status,
        reason: coverage[node].reason, repro: repro)
    }
  }
}

extension WorkloadPlace {
  /// Why nobody is measured here, or nil.
  var skipReason: String? {
    cache == .coldWeights && !isNet && cost.weightBytes == 0
      ? "the layer has no weights that could be cold" : nil
  }
}

extension CounterRow {
  /// A reading of the workload with that key.
  init(_ key: WorkloadKey, _ reading: CounterReading) {
    self.init(
      key: key, source: reading.source, event: reading.event, value: reading.value,
      callCount: reading.callCount,
      perCall: reading.value.map { Double($0) / Double(max(reading.callCount, 1)) },
      scope: reading.scope?.rawValue ?? "", threadsCounted: reading.threadsCounted,
      threadsSeen: reading.threadsSeen, enabledNanoseconds: reading.enabledNanoseconds,
      runningNanoseconds: reading.runningNanoseconds, status: reading.status.rawValue,
      reason: reading.reason)
  }
}
