import CSupport
import Networks
import Results

/// The timing of a group, in rounds.
extension GroupRunner {
  /// Times all that is alive, round by round; of a group that was begun before, what is missing.
  func measure() throws {
    try calibrate()
    guard !alive.isEmpty else { return }
    let schedule = makeSchedule()
    try learnNetHandicaps()
    let roundCount = log.earlier?.roundCount ?? 0
    if roundCount < schedule.rounds.count {
      for index in schedule.inside where isAlive(index) {
        try warmUp(index, iterations: schedule.iterations)
      }
    }
    if log.earlier == nil {
      let began = ScheduleRecord(
        inside: schedule.inside, outside: schedule.outside, iterations: schedule.iterations,
        passCount: place.passes.count)
      try log.note(.began(began), roofs: schedule.rounds.isEmpty ? try probeRoofs() : [])
    }
    try measureRounds(schedule, from: roundCount)
    try measureOutside(schedule)
  }

  /// Rounds until the rule says that it is enough.
  private func measureRounds(_ schedule: Schedule, from first: Int) throws {
    let rule = stopRule(schedule)
    let begin = Int(alex_monotonic_ns())
    var round = first
    while round < schedule.rounds.count,
      rule.goesOn(
        stopState(
          schedule, round: round, first: first, begin: begin, squareRounds: rule.squareRounds),
        round: round)
    {
      try measure(round: round, schedule)
      round += 1
    }
  }

  /// Rounds that the order is made for.
  private var roundLimit: Int { options.maximumRounds ?? options.rounds }

  /// Who takes turns in which order; as before where the group was begun before.
  private func makeSchedule() -> Schedule {
    let seed = Schedule.seed(
      run: options.seed, network: place.graph.networkName, layer: place.layer,
      batch: place.batch, threads: place.threads, launch: launch)
    if let record = log.earlier?.schedule {
      return Schedule(
        inside: record.inside, outside: record.outside, iterations: record.iterations,
        minimumRounds: roundLimit, seed: seed)
    }
    let entrants = alive
    let schedule = Schedule(
      nanoseconds: entrants.map { slots[$0].nanoseconds },
      isSingle: entrants.map { slots[$0].contender.backend.threading == .single },
      pass: place.pass, minimumRounds: 1, seed: seed)
    return Schedule(
      inside: schedule.inside.map { entrants[$0] }, outside: schedule.outside.map { entrants[$0] },
      iterations: schedule.iterations, minimumRounds: roundLimit, seed: seed)
  }

  /// One turn of each.
  private func measure(round: Int, _ schedule: Schedule) throws {
    let roofs = try probeRoofs()
    var samples: [SampleRow] = []
    // What was measured of a round that is cut short is kept.
    defer { record.samples += samples }
    do {
      for (position, index) in schedule.rounds[round].enumerated() where isAlive(index) {
        let limit = options.maximumRounds == nil ? " of \(schedule.rounds.count)" : ""
        try proceed("round \(round + 1)\(limit)", index)
        samples += try turn(
          index, round: round, position: position, iterations: schedule.iterations, isPrimed: true)
      }
    } catch is Interrupted {
      try log.append(samples)
      throw Interrupted()
    }
    try log.note(.round(round), samples: samples, roofs: roofs)
  }

  /// Beside the samples of every round, since what the machine can do drifts with them.
  private func probeRoofs() throws -> [RoofReading] {
    let readings = try ledger.measure(.roofs) {
      try host.roofs(RoofRequest(threads: place.threads, cpus: options.cpus))
    }
    record.roofs += readings
    return readings
  }

  /// Those too slow for the square: a few blocks in a row, each.
  private func measureOutside(_ schedule: Schedule) throws {
    for (place, index) in schedule.outside.enumerated() where isAlive(index) {
      let iterations = Schedule.iterations(nanoseconds: slots[index].nanoseconds)
      // A call of this length finds no caches warm that it has not warmed itself.
      let isLong = slots[index].nanoseconds > Schedule.longNanoseconds
      let first = log.earlier?.blockCounts[index] ?? 0
      for round in first..<max(first, options.slowBlocks) where isAlive(index) {
        try proceed("block \(round + 1) of \(options.slowBlocks)", index)
        // Nothing else runs between its blocks, so one priming is enough.
        let samples = try turn(
          index, round: round, position: schedule.inside.count + place, iterations: iterations,
          isPrimed: round == first && !isLong)
        record.samples += samples
        try log.note(.block(round, contender: index), samples: samples)
      }
    }
  }

  /// The time of one call, well enough to size blocks. The first call counts page faults, so a
  /// short one is repeated.
  private func calibrate() throws {
    for index in alive {
      // A program need not have told its first call.
      if slots[index].nanoseconds <= 0 { slots[index].nanoseconds = .max }
      // One call of this length tells enough, and more would take the time of many blocks.
      if slots[index].nanoseconds != .max, slots[index].nanoseconds > Schedule.longNanoseconds,
        slots[index].contender.backend.threading == .single
      {
        continue
      }
      var calls = 0
      while calls == 0 || slots[index].nanoseconds < Schedule.slowNanoseconds(place.pass), calls < 3
      {
        try proceed("calibrating", index)
        let request = BlockRequest(iterations: 1, isPrimed: false)
        let block = try ask(index) { handle in
          try ledger.measure(.warmUp) { try host.time(handle, request) }
        }
        guard let block else { break }
        slots[index].nanoseconds = min(slots[index].nanoseconds, block.wallNanoseconds)
        calls += 1
      }
      slots[index].nanoseconds = max(slots[index].nanoseconds, 1)
    }
  }

  private func warmUp(_ index: Int, iterations: Int) throws {
    guard isAlive(index) else { return }
    slots[index].isSteady = try ledger.measure(.warmUp) {
      try WarmUp.run(capNanoseconds: warmUpCap) {
        try proceed("warming up", index)
        let request = BlockRequest(iterations: iterations, isPrimed: false)
        return try ask(index) { try host.time($0, request) }
      }
    }
  }

  /// With a budget all warm-ups of a group together take a fifth of its share at most.
  private var warmUpCap: Int {
    guard options.maximumRounds != nil, let allowance else { return options.warmUpNanoseconds }
    return min(options.warmUpNanoseconds, allowance / 5 / max(alive.count, 1))
  }

  /// Books the blocks of a host's answer, and the rest of the time that it took as around them.
  private func timed<Answer>(
    _ block: KeyPath<Answer, BlockMeasurement>, _ ask: () throws -> Answer
  ) rethrows -> Answer {
    let answer = try ledger.measure(.quieting, ask)
    ledger.rebook(answer[keyPath: block].wallNanoseconds, from: .quieting, to: .blocks)
    ledger.rebook(answer[keyPath: block].primeNanoseconds ?? 0, from: .quieting, to: .warmUp)
    return answer
  }

  /// The blocks of one contender in one round: of a net one for each pass, on the same memory. The
  /// passes take turns in coming first. Nothing of one that is out.
  private func turn(
    _ index: Int, round: Int, position: Int, iterations: Int, isPrimed: Bool
  ) throws -> [SampleRow] {
    let passes = round.isMultiple(of: 2) ? place.passes : place.passes.reversed()
    var request = BlockRequest(
      iterations: iterations, isPrimed: isPrimed, stepHandicaps: slots[index].stepHandicaps)
    return try passes.enumerated().flatMap { offset, pass -> [SampleRow] in
      let position = position * passes.count + offset
      func row(_ key: WorkloadKey, _ block: BlockMeasurement) -> SampleRow {
        var block = block
        block.isSteady = slots[index].isSteady
        // Only the warm-up and the ledger ask for them.
        block.threadCount = nil
        block.primeNanoseconds = nil
        return SampleRow(
          key: key, launch: launch, round: round, position: position, seed: options.seed,
          block: block)
      }
      guard pass == .inNet else {
        request.handicap = slots[index].handicap
        let block = try ask(index) { handle in
          try timed(\.self) { try host.time(handle, request) }
        }
        return block.map { [row(slots[index].row.key, $0)] } ?? []
      }
      guard !slots[index].steps.isEmpty else { return [] }
      let answer = try ask(index) { handle in
        try timed(\.block) { try host.timeSteps(handle, request) }
      }
      guard let measured = answer else { return [] }
      learnNetHandicap(measured, index)
      return try stepBlocks(measured, index).map { row($0.key, $0.block) }
    }
  }
}
