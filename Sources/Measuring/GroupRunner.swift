import CSupport
import Networks
import Results

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
}

/// Measures all contenders on one layer, or on one net: all are held in memory at once and take
/// turns.
final class GroupRunner {
  let place: WorkloadPlace
  let host: any WorkloadHost
  let factory: RowFactory
  private let references: ReferenceCache
  private let plan: [PlanRow]
  private let progress: Progress
  private let launch: Int
  private let isInterrupted: () -> Bool
  var slots: [Slot]
  var record = GroupRecord()
  private var options: RunOptions { factory.options }

  /// One contender with what became of it.
  struct Slot {
    var contender: Contender
    var request: WorkloadRequest
    var row: WorkloadRow
    /// Nil before it is prepared, and when it is out.
    var prepared: PreparedWorkload?
    /// One call.
    var nanoseconds = 0
    var isSteady = false
  }

  init(
    place: WorkloadPlace, contenders: [Contender], host: any WorkloadHost, factory: RowFactory,
    references: ReferenceCache, plan: [PlanRow], progress: Progress, launch: Int,
    isInterrupted: @escaping () -> Bool
  ) {
    self.place = place
    self.host = host
    self.factory = factory
    self.references = references
    self.plan = plan
    self.progress = progress
    self.launch = launch
    self.isInterrupted = isInterrupted
    slots = contenders.map { contender in
      Slot(
        contender: contender, request: factory.request(place, contender),
        row: WorkloadRow(
          key: factory.key(place, backend: contender.backend.name, isa: contender.isa),
          status: .ok, repro: factory.repro(place, contender)))
    }
  }

  /// - Parameter onRound: gets the samples of each round as they come.
  /// - Throws: what makes going on pointless, such as a worker that died or a full disk.
  func run(onRound: ([SampleRow]) throws -> Void) throws -> GroupRecord {
    do {
      try prepare()
      try check(isFirst: true)
      if !options.isCheckOnly {
        try measure(onRound)
        if options.measuresPhases, launch == 0 { try measurePhases() }
        if let counters = options.counters, launch == 0 { try measureCounters(counters) }
        try check(isFirst: false)
      }
    } catch is Interrupted {
      record.wasInterrupted = true
      for index in slots.indices where slots[index].row.status == .ok {
        reject(index, .skipped, "interrupted before it was complete")
      }
    } catch {
      releaseAll()
      throw error
    }
    releaseAll()
    dropCountersOfRejected()
    record.workloads = slots.map(\.row) + coverageRows
    return record
  }

  var alive: [Int] { slots.indices.filter { slots[$0].prepared != nil } }

  private func prepare() throws {
    if let reason = MemoryGuard.refusal(
      place: place, contenderCount: slots.count)
    {
      for index in slots.indices { reject(index, .skipped, reason) }
      return
    }
    for index in slots.indices {
      let contender = slots[index].contender
      if let unavailability = contender.backend.unavailability {
        reject(index, .unavailable, unavailability.description)
        continue
      }
      if let reason = contender.skipReason(threads: place.threads, batch: place.batch)
        ?? place.skipReason
      {
        reject(index, .skipped, reason)
        continue
      }
      try proceed("preparing", index)
      do {
        slots[index].request.tiles.merge(plan.tiles(for: slots[index].row.key)) { mine, _ in mine }
        let prepared = try host.prepare(slots[index].request)
        keepPlan(of: prepared, index)
        slots[index].prepared = prepared
        slots[index].row.facts = prepared.facts
        slots[index].nanoseconds = prepared.facts.firstNanoseconds ?? 0
        if place.node != nil, let coverage = prepared.coverage.first, coverage.status != .ok {
          reject(index, coverage.status, coverage.reason)
        }
      } catch MeasuringError.workload(let status, let reason) {
        reject(index, status, reason)
      }
    }
  }

  /// Compares with the reference, on the buffers that are timed.
  private func check(isFirst: Bool) throws {
    let images = ReferenceCache.checkedImages(batch: place.batch)
    for index in alive {
      guard let handle = slots[index].prepared?.handle else { continue }
      if isFirst { try proceed("checking", index) }
      let verdict = try judge(try host.outputs(handle, images: images), slots[index])
      let before = slots[index].row.check
      slots[index].row.check = before.worst(verdict.check)
      guard verdict.status != .ok else { continue }
      reject(index, verdict.status, (isFirst ? "" : "after timing: ") + verdict.reason)
    }
  }

  private func judge(_ blobs: [BlobValues], _ slot: Slot) throws -> Verdict {
    guard let node = place.node else {
      return Judge.judge(
        net: blobs, graph: place.graph,
        against: try references.net(slot.request, graph: place.graph))
    }
    let graph = place.graph.single(node)
    let output = graph.nodes[0].outputs[0]
    guard let blob = blobs.last(where: { $0.value == output }) else {
      return Verdict(status: .failed, reason: "no step writes the layer's output")
    }
    return Judge.judge(
      layer: blob.values, kind: place.kind,
      against: try references.layer(slot.request, graph: graph),
      amplification: slot.prepared?.errorAmplification ?? 1, tile: slot.prepared?.errorTile ?? 1)
  }

  private func measure(_ onRound: ([SampleRow]) throws -> Void) throws {
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
          samples.append(
            try sample(
              index, round: round, position: position, iterations: schedule.iterations,
              isPrimed: true))
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
        let sample = try sample(
          index, round: round, position: insideCount + place, iterations: iterations,
          isPrimed: round == 0 && !isLong)
        record.samples.append(sample)
        try onRound([sample])
      }
    }
  }

  /// The time of one call, well enough to size blocks. The first call counts page faults, so a
  /// short one is repeated.
  private func calibrate() throws {
    for index in alive {
      guard let handle = slots[index].prepared?.handle else { continue }
      var calls = 0
      while slots[index].nanoseconds < Schedule.slowNanoseconds(place.pass), calls < 3 {
        try proceed("calibrating", index)
        let block = try host.time(handle, iterations: 1, isPrimed: false)
        slots[index].nanoseconds = min(slots[index].nanoseconds, block.wallNanoseconds)
        calls += 1
      }
      slots[index].nanoseconds = max(slots[index].nanoseconds, 1)
    }
  }

  private func warmUp(_ index: Int, iterations: Int) throws {
    guard let handle = slots[index].prepared?.handle else { return }
    slots[index].isSteady = try WarmUp.run(capNanoseconds: options.warmUpNanoseconds) {
      try proceed("warming up", index)
      return try host.time(handle, iterations: iterations, isPrimed: false)
    }
  }

  private func sample(
    _ index: Int, round: Int, position: Int, iterations: Int, isPrimed: Bool
  ) throws -> SampleRow {
    guard let handle = slots[index].prepared?.handle else {
      preconditionFailure("a workload that is out is not sampled")
    }
    var block = try host.time(handle, iterations: iterations, isPrimed: isPrimed)
    block.isSteady = slots[index].isSteady
    return SampleRow(
      key: slots[index].row.key, launch: launch, round: round, position: position,
      seed: options.seed, block: block)
  }

  /// Takes a contender out, with the reason in its row.
  private func reject(_ index: Int, _ status: Status, _ reason: String) {
    slots[index].row.status = status
    slots[index].row.reason = reason
    release(index)
  }

  private func release(_ index: Int) {
    guard let prepared = slots[index].prepared else { return }
    if place.node == nil { coverage[index] = prepared.coverage }
    slots[index].prepared = nil
    // A worker that died is noticed by the next call that matters.
    try? host.release(prepared.handle)
  }

  private func releaseAll() { for index in slots.indices { release(index) } }

  private(set) var coverage: [Int: [LayerCoverage]] = [:]

  func proceed(_ what: @autoclosure () -> String, _ index: Int) throws {
    if isInterrupted() { throw Interrupted() }
    progress.show(
      "\(place.graph.networkName) \(place.layer), batch \(place.batch), "
        + "\(place.threads) thread\(place.threads == 1 ? "" : "s"): "
        + "\(slots[index].contender.backend.name), \(what())")
  }
}
