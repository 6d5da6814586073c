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
  /// One sentence each.
  var warnings: [String] = []
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
  let log: GroupLog
  var launch: Int { log.place.launch }
  let ledger: TimeLedger
  /// Reasons by backend of those that there is no time for.
  private let leftOut: [String: String]
  /// Nanoseconds that the group may take; nil for any.
  let allowance: Int?
  /// Clock when the group began.
  let start = Int(alex_monotonic_ns())
  private let isInterrupted: () -> Bool
  var slots: [Slot]
  var record = GroupRecord()
  var options: RunOptions { factory.options }

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
    /// Of a net, how its layers are computed and by which steps.
    var coverage: [LayerCoverage] = []
    var steps: [StepFacts] = []
    /// Of a net, what was found at its blobs.
    var blobs: [Graph.ValueID: CheckFacts] = [:]
    /// Share by which a block is made longer on purpose, and each step of a net.
    var handicap = 0.0
    var stepHandicaps: [Double] = []
    /// What the command of a row has to say of tiles.
    var tileOption = ""
  }

  init(
    place: WorkloadPlace, contenders: [Contender], host: any WorkloadHost, factory: RowFactory,
    references: ReferenceCache, plan: [PlanRow], progress: Progress, log: GroupLog,
    ledger: TimeLedger, leftOut: [String: String], allowance: Int?,
    isInterrupted: @escaping () -> Bool
  ) {
    self.place = place
    self.host = host
    self.factory = factory
    self.references = references
    self.plan = plan
    self.progress = progress
    self.log = log
    self.ledger = ledger
    self.leftOut = leftOut
    self.allowance = allowance
    self.isInterrupted = isInterrupted
    slots = contenders.map { contender in
      Slot(
        contender: contender, request: factory.request(place, contender),
        row: WorkloadRow(
          key: factory.key(place, backend: contender.backend.name, isa: contender.isa),
          status: .ok, repro: factory.repro(place, contender)))
    }
  }

  /// - Throws: what makes going on pointless, such as a worker that died or a full disk.
  func run() throws -> GroupRecord {
    do {
      try prepare()
      if !record.plan.isEmpty { try log.writePlan(record.plan) }
      try check(isFirst: true)
      if !options.isCheckOnly {
        try measure()
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
    record.workloads = rows
    return record
  }

  var alive: [Int] { slots.indices.filter(isAlive) }

  func isAlive(_ index: Int) -> Bool { slots[index].prepared != nil }

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
      if let reason = contender.skipReason(place)
        ?? place.skipReason ?? leftOut[contender.backend.name]
      {
        reject(index, .skipped, reason)
        continue
      }
      try proceed("preparing", index)
      do {
        // Copies of a backend get the choices of the first one.
        let chosen = (plan + record.plan).tiles(for: planKey(index))
        slots[index].request.tiles.merge(chosen) { mine, _ in mine }
        let request = slots[index].request
        let prepared = try ledger.measure(.preparing) { try host.prepare(request) }
        keepPlan(of: prepared, index)
        slots[index].prepared = prepared
        if place.node == nil {
          slots[index].coverage = prepared.coverage
          slots[index].steps = prepared.steps
        }
        slots[index].row.facts = prepared.facts
        slots[index].nanoseconds = prepared.facts.firstNanoseconds ?? 0
        handicap(index)
        if place.passes == [.inNet], prepared.steps.isEmpty {
          reject(index, .skipped, noSteps(index))
        }
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
      if isFirst { try proceed("checking", index) }
      let verdict = try ledger.measure(.checking) {
        try ask(index) { try host.outputs($0, images: images) }.map { blobs in
          try judge(blobs, slots[index])
        }
      }
      guard let verdict else { continue }
      let before = slots[index].row.check
      slots[index].row.check = before.worst(verdict.check)
      slots[index].blobs.merge(verdict.blobs) { $0.worst($1) }
      guard verdict.status != .ok else { continue }
      reject(index, verdict.status, (isFirst ? "" : "after timing: ") + verdict.reason)
    }
  }

  private func judge(_ blobs: [BlobValues], _ slot: Slot) throws -> Verdict {
    guard let node = place.node else {
      return Judge.judge(
        net: blobs, graph: place.graph,
        against: try ledger.measure(.reference) {
          try references.net(slot.request, graph: place.graph)
        })
    }
    let graph = place.graph.single(node)
    let results = try ledger.measure(.reference) {
      try references.layer(slot.request, graph: graph)
    }
    return Judge.judge(
      layer: blobs, of: graph, against: results,
      amplification: slot.prepared?.errorAmplification ?? 1, tile: slot.prepared?.errorTile ?? 1)
  }

  /// What the host answers about a contender's workload; nil once the contender is out. One that
  /// fails at it is taken out, and the others go on.
  func ask<Answer>(_ index: Int, _ question: (_ handle: Int) throws -> Answer) throws -> Answer? {
    guard let handle = slots[index].prepared?.handle else { return nil }
    do { return try question(handle) } catch MeasuringError.workload(let status, let reason) {
      reject(index, status, reason)
      return nil
    }
  }

  /// Takes a contender out, with the reason in its row.
  private func reject(_ index: Int, _ status: Status, _ reason: String) {
    slots[index].row.status = status
    slots[index].row.reason = reason
    release(index)
  }

  private func release(_ index: Int) {
    guard let prepared = slots[index].prepared else { return }
    slots[index].prepared = nil
    // A worker that died is noticed by the next call that matters.
    try? host.release(prepared.handle)
  }

  private func releaseAll() { for index in slots.indices { release(index) } }

  func proceed(_ what: @autoclosure () -> String, _ index: Int) throws {
    if isInterrupted() { throw Interrupted() }
    progress.show(
      "\(place.graph.networkName) \(place.layer), batch \(place.batch), "
        + "\(place.threads) thread\(place.threads == 1 ? "" : "s"): "
        + "\(slots[index].contender.backend.name), \(what())")
  }
}
