import Networks
import Results

/// The timing of a group, in rounds.
extension GroupRunner {
  /// Times all that is alive, round by round.
  func measure(_ onRound: ([SampleRow]) throws -> Void) throws {
    try calibrate()
    let entrants = alive
    guard !entrants.isEmpty else { return }
    let seed = Schedule.seed(
      run: options.seed, network: place.graph.networkName, layer: place.layer,
      batch: place.batch, threads: place.threads, launch: launch)
    let schedule = Schedule(
      nanoseconds: entrants.map { slots[$0].nanoseconds },
      isSingle: entrants.map { slots[$0].contender.backend.threading == .single },
      pass: place.pass, minimumRounds: options.rounds, seed: seed)
    for index in entrants where slots[index].stepHandicaps.contains(where: { $0 > 0 }) {
      let block = BlockRequest(
        iterations: 1, isPrimed: true, stepHandicaps: slots[index].stepHandicaps)
      guard let steps = try ask(index, { try host.timeSteps($0, block) }) else { continue }
      learnNetHandicap(steps, index)
    }
    for entrant in schedule.rounds.first.map({ $0.sorted() }) ?? [] {
      try warmUp(entrants[entrant], iterations: schedule.iterations)
    }
    if schedule.rounds.isEmpty { try probeRoofs() }
    for (round, order) in schedule.rounds.enumerated() {
      try probeRoofs()
      var samples: [SampleRow] = []
      // What was measured of a round that is cut short is kept.
      defer { record.samples += samples }
      do {
        for (position, entrant) in order.enumerated() {
          let index = entrants[entrant]
          try proceed("round \(round + 1) of \(schedule.rounds.count)", index)
          samples += try turn(
            index, round: round, position: position, iterations: schedule.iterations,
            isPrimed: true)
        }
      } catch is Interrupted {
        try onRound(samples)
        throw Interrupted()
      }
      try onRound(samples)
    }
    try measureOutside(
      schedule.outside.map { entrants[$0] }, insideCount: entrants.count - schedule.outside.count,
      onRound)
  }

  /// Beside the samples of every round, since what the machine can do drifts with them.
  private func probeRoofs() throws {
    record.roofs += try host.roofs(RoofRequest(threads: place.threads, cpus: options.cpus))
  }

  /// Those too slow for the square: a few blocks in a row, each.
  private func measureOutside(
    _ outside: [Int], insideCount: Int, _ onRound: ([SampleRow]) throws -> Void
  ) throws {
    for (place, index) in outside.enumerated() {
      let iterations = Schedule.iterations(nanoseconds: slots[index].nanoseconds)
      // A call of this length finds no caches warm that it has not warmed itself.
      let isLong = slots[index].nanoseconds > Schedule.longNanoseconds
      for round in 0..<options.slowBlocks {
        try proceed("block \(round + 1) of \(options.slowBlocks)", index)
        // Nothing else runs between its blocks, so one priming is enough.
        let samples = try turn(
          index, round: round, position: insideCount + place, iterations: iterations,
          isPrimed: round == 0 && !isLong)
        record.samples += samples
        try onRound(samples)
      }
    }
  }

  /// The time of one call, well enough to size blocks. The first call counts page faults, so a
  /// short one is repeated.
  private func calibrate() throws {
    for index in alive {
      // A program need not have told its first call.
      if slots[index].nanoseconds <= 0 { slots[index].nanoseconds = .max }
      var calls = 0
      while calls == 0 || slots[index].nanoseconds < Schedule.slowNanoseconds(place.pass), calls < 3
      {
        try proceed("calibrating", index)
        let request = BlockRequest(iterations: 1, isPrimed: false)
        guard let block = try ask(index, { try host.time($0, request) }) else { break }
        slots[index].nanoseconds = min(slots[index].nanoseconds, block.wallNanoseconds)
        calls += 1
      }
      slots[index].nanoseconds = max(slots[index].nanoseconds, 1)
    }
  }

  private func warmUp(_ index: Int, iterations: Int) throws {
    guard slots[index].prepared != nil else { return }
    slots[index].isSteady = try WarmUp.run(capNanoseconds: options.warmUpNanoseconds) {
      try proceed("warming up", index)
      let request = BlockRequest(iterations: iterations, isPrimed: false)
      return try ask(index) { try host.time($0, request) }
    }
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
        return SampleRow(
          key: key, launch: launch, round: round, position: position, seed: options.seed,
          block: block)
      }
      guard pass == .inNet else {
        request.handicap = slots[index].handicap
        guard let block = try ask(index, { try host.time($0, request) }) else { return [] }
        return [row(slots[index].row.key, block)]
      }
      guard !slots[index].steps.isEmpty,
        let measured = try ask(index, { try host.timeSteps($0, request) })
      else { return [] }
      learnNetHandicap(measured, index)
      return try stepBlocks(measured, index).map { row($0.key, $0.block) }
    }
  }
}
