import CSupport
import Execution
import Networks
import Results
import Tensors

/// Measures two programs in pairs of launches: fresh processes that live at the same time and keep all
/// workloads. These are visited in turn for as long as the pair has time, so that each one's blocks
/// are spread over all of it; at a visit the sides' blocks stand next to each other, in an order that
/// is balanced (A B B A), so that whatever slows the machine down for a while hits both.
///
/// Of a pair each side is started first every other time. A further process of the base, the control,
/// is measured beside the nets, or beside every layer where no net is.
package final class PairedRunner {
  private let matrix: RunMatrix
  private let programs: [PairedSide: PairedProgram]
  private var factory: RowFactory
  /// Takes the place of `alexbench run` in the commands of rows.
  private let command: String
  private let timeout: Duration
  /// Whether only the last backend has a control.
  private let hasSingleControl: Bool
  private let otherRuns: OtherRuns?
  private var folder: RunFolder?
  private let progress: Progress
  private let isInterrupted: () -> Bool
  private let references = ReferenceCache()
  /// What the time is spent on.
  package let ledger = TimeLedger()
  /// What a side took in the latest pair beside its visits, by workload without run; and one visit.
  private var fixedNanoseconds: [WorkloadKey: Double] = [:]
  private var visitNanoseconds: [WorkloadKey: Double] = [:]
  /// What the last checks of what was held together took.
  private var closingNanoseconds = 0
  /// Whether a pair is complete, and with it all choices of tiles.
  private var isPlanned = false
  /// What was chosen for both sides, mostly in the first pair.
  package private(set) var plan: [PlanRow] = []
  package private(set) var wasInterrupted = false
  /// What a reader must know, one sentence each.
  package private(set) var warnings: [String] = []

  /// - Parameters:
  ///   - options: what is measured; `slowDowns` slow down the head.
  ///   - backends: all that there are; the options choose.
  ///   - command: what measures a workload in such pairs, without the workload.
  ///   - timeout: longest wait for an answer of a program.
  ///   - hasSingleControl: saves the controls of all backends but the last.
  ///   - otherRuns: asked after every block whether it was disturbed.
  /// - Throws: an option that makes no sense, or a backend that cannot be had.
  package init(
    options: RunOptions, backends: [any Backend], base: PairedProgram, head: PairedProgram,
    command: String, timeout: Duration, hasSingleControl: Bool = false,
    otherRuns: OtherRuns? = nil, progress: Progress = Progress(),
    isInterrupted: @escaping () -> Bool = { Interruption.signalNumber != nil }
  ) throws {
    var options = options
    options.passes = options.passes.filter { $0 != .inNet }
    options.caches = [.warm]
    guard !options.passes.isEmpty else {
      throw MeasuringError.usage("a check measures layers alone and nets, not the steps of nets")
    }
    var matrix = try RunMatrix(options, backends: backends)
    if let program = matrix.backends.first(where: { $0.program != nil }) {
      throw MeasuringError.usage(
        "backend '\(program.name)' runs in a program of its own, which neither side brings along")
    }
    matrix.options.slowDowns = Self.ofHead(
      options.slowDowns, matrix.contenders.map(\.backend.name))
    self.matrix = matrix
    programs = [.base: base, .head: head, .control: base]
    factory = RowFactory(runID: "", options: matrix.options)
    self.command = command
    self.timeout = timeout
    self.hasSingleControl = hasSingleControl
    self.otherRuns = otherRuns
    self.progress = progress
    self.isInterrupted = isInterrupted
  }

  /// Has samples written to a folder from now on.
  package func record(in folder: RunFolder) {
    self.folder = folder
    factory = RowFactory(runID: folder.runID, options: matrix.options)
  }

  /// A slow-down of a backend is one of the head's copy of it.
  private static func ofHead(_ slowDowns: [SlowDown], _ backends: [String]) -> [SlowDown] {
    slowDowns.flatMap { slowDown in
      backends.filter { slowDown.backend == nil || slowDown.backend == $0 }.map {
        SlowDown(
          backend: PairedSide.head.name(of: $0), layer: slowDown.layer, percent: slowDown.percent)
      }
    }
  }

  private var options: RunOptions { matrix.options }
  private var contenders: [Contender] { matrix.contenders }

  /// Geometry and cost of what is measured.
  package var layers: [LayerRow] {
    matrix.graphs.flatMap(factory.layers(of:))
  }

  /// Layers and nets, times backends.
  package var workloadCount: Int { matrix.places.count * contenders.count }

  /// Seconds that a pair of launches takes at least, with some workloads, as far as earlier pairs tell:
  /// preparing them, ``leastVisits`` of each, and checking.
  package func leastSecondsOfPair(_ isWanted: (WorkloadKey) -> Bool) -> Double {
    let own = fixedNanoseconds.keys.filter(isWanted)
    return own.reduce(0.5) { sum, key in
      sum
        + (fixedNanoseconds[key, default: 0]
          + Double(Self.leastVisits) * visitNanoseconds[key, default: 0]) / 1e9
    }
  }

  /// Visits that each workload gets in a pair whatever the time.
  private static let leastVisits = 2
  /// A net is the sum of all that its layers are, and has a control beside it.
  private static let netWeight = 4.0

  /// Measures pair after pair.
  /// - Parameters:
  ///   - attempt: 1, or 2 for a second stage, in which the order of starting is reversed.
  ///   - pairs: the number of the first pair and that behind the last.
  ///   - seconds: from now, divided among the pairs; no pair is begun that would probably end later.
  ///   - isWanted: chooses workloads; nets with a control are measured in any first stage.
  ///   - each: gets the rows of each pair.
  /// - Returns: the number of complete pairs.
  package func measure(
    attempt: Int, pairs: Range<Int>, seconds: Double,
    isWanted: (WorkloadKey) -> Bool = { _ in true }, each: ([PairRow]) throws -> Void
  ) throws -> Int {
    let end = ledger.elapsedNanoseconds + Int(nearestTo: max(0, seconds) * 1e9)
    progress.expect(Double(pairs.count))
    defer { progress.clear() }
    for pair in pairs {
      let left = end - ledger.elapsedNanoseconds
      guard pair == pairs.lowerBound || Double(left) / 1e9 >= leastSecondsOfPair(isWanted) else {
        return pair - pairs.lowerBound
      }
      let rows = try measure(
        attempt: attempt, pair: pair,
        deadline: ledger.elapsedNanoseconds + left / (pairs.upperBound - pair), isWanted)
      guard !wasInterrupted else { return pair - pairs.lowerBound }
      try each(rows)
      progress.advance(1)
    }
    return pairs.count
  }

  /// A workload with its sides in one pair of launches.
  private final class Member {
    let key: WorkloadKey
    let place: WorkloadPlace
    let contender: Contender
    let sides: [PairedSide]
    let group: GroupRunner
    var fixedNanoseconds = 0
    var visitedNanoseconds = 0
    var visitCount = 0
    var isDone = false

    init(
      key: WorkloadKey, place: WorkloadPlace, contender: Contender, sides: [PairedSide],
      group: GroupRunner
    ) {
      (self.key, self.place, self.contender) = (key, place, contender)
      (self.sides, self.group) = (sides, group)
    }

    /// The one with the least is visited next.
    var turn: Double { Double(visitedNanoseconds) / weight }
    var weight: Double { place.isNet ? PairedRunner.netWeight : 1 }
  }

  private func measure(
    attempt: Int, pair: Int, deadline: Int, _ isWanted: (WorkloadKey) -> Bool
  ) throws -> [PairRow] {
    let record = PairRecord(
      attempt: attempt, pair: pair, isHeadFirst: pair.isMultiple(of: 2) == (attempt == 2),
      programs: programs)
    let host = try ledger.measure(.launching) {
      try SidesHost(programs: programs, isHeadFirst: record.isHeadFirst, timeout: timeout)
    }
    defer { host.close() }
    let portions = portions(members(host, record, isWanted))
    let weights = portions.map { $0.reduce(0) { $0 + $1.weight } }
    var rows: [PairRow] = []
    var clocks: [PairedSide: [Double]] = [:]
    for (index, portion) in portions.enumerated() where !wasInterrupted {
      let share = weights[index] / weights[index...].reduce(0, +)
      let now = ledger.elapsedNanoseconds
      let end = now + Int(nearestTo: Double(deadline - now) * share) - closingNanoseconds
      let results = try measure(portion, host, until: end)
      for (member, group) in zip(portion, results) {
        rows += pairRows(group, member, record)
        for sample in group.samples where sample.block.clockGHz > 0 {
          clocks[PairedSide.split(sample.key.backend).side, default: []]
            .append(1 / sample.block.clockGHz)
        }
      }
    }
    guard !wasInterrupted else { return [] }
    isPlanned = true
    return rows
      + [record.sentinel("clock", base: clocks[.base] ?? [], head: clocks[.head] ?? [])]
      .compactMap(\.self)
  }

  /// What a pair measures.
  private func members(
    _ host: SidesHost, _ record: PairRecord, _ isWanted: (WorkloadKey) -> Bool
  ) -> [Member] {
    let hasNets = options.passes.contains(.net)
    return matrix.places.flatMap { place in
      contenders.enumerated().compactMap { index, contender -> Member? in
        let key = factory.key(place, contender).without(.run)
        let isUsualPlace =
          (place.isNet || !hasNets)
          && (!hasSingleControl || index == contenders.count - 1)
        // In a second stage whatever is measured has its own.
        let hasControl = record.attempt > 1 || isUsualPlace
        guard isWanted(key) || (record.attempt == 1 && hasControl && hasNets) else { return nil }
        let sides: [PairedSide] = hasControl ? [.base, .head, .control] : [.base, .head]
        return Member(
          key: key, place: place, contender: contender, sides: sides,
          group: group(place, sides.map { contender.on($0) }, host, record))
      }
    }
  }

  /// What is held at a time: all, if there is memory for it.
  private func portions(_ members: [Member]) -> [[Member]] {
    let allowed = MemoryGuard.allowedByteCount() ?? .max
    var portions: [[Member]] = []
    var held = 0
    for member in members {
      let estimate = MemoryEstimate(of: member.place, options)
      let own =
        member.sides.count * estimate.keptByteCount(of: [member.contender])
        + estimate.referenceByteCount
      if portions.isEmpty || held + own > allowed / 2 {
        portions.append([])
        held = 0
      }
      portions[portions.count - 1].append(member)
      held += own
    }
    return portions
  }

  /// Prepares some workloads, visits them in turn until the time is over, and checks once more.
  private func measure(_ members: [Member], _ host: SidesHost, until end: Int) throws
    -> [GroupRecord]
  {
    defer { for member in members { member.group.release() } }
    for member in members {
      // In the first pair the base chooses tiles for all.
      host.joining = isPlanned ? Array(member.sides.dropFirst()) : []
      let begin = ledger.elapsedNanoseconds
      try member.group.begin()
      member.fixedNanoseconds = ledger.elapsedNanoseconds - begin
    }
    while let next = members.filter({ !$0.isDone }).min(by: { $0.turn < $1.turn }) {
      let now = ledger.elapsedNanoseconds
      guard now < end || members.contains(where: { !$0.isDone && $0.visitCount < Self.leastVisits })
      else { break }
      next.isDone = try !next.group.visitOnce()
      next.visitCount += 1
      next.visitedNanoseconds += ledger.elapsedNanoseconds - now
      if next.group.wasInterrupted { break }
    }
    let closing = ledger.elapsedNanoseconds
    let results = try members.map { member in
      let begin = ledger.elapsedNanoseconds
      let result = try member.group.finish()
      member.fixedNanoseconds += ledger.elapsedNanoseconds - begin
      fixedNanoseconds[member.key] = Double(member.fixedNanoseconds)
      visitNanoseconds[member.key] =
        Double(member.visitedNanoseconds) / Double(max(member.visitCount, 1))
      plan += result.plan
      warnings += result.warnings.filter { !warnings.contains($0) }
      wasInterrupted = wasInterrupted || result.wasInterrupted
      return result
    }
    closingNanoseconds = ledger.elapsedNanoseconds - closing
    return results
  }

  /// All sides on one layer or net.
  private func group(
    _ place: WorkloadPlace, _ sides: [Contender], _ host: SidesHost, _ record: PairRecord
  ) -> GroupRunner {
    // A launch of its own in files, also in a second stage.
    let launch = LaunchedGroup(
      launch: record.pair + (record.attempt - 1) * Self.launchesPerStage, group: GroupID(place))
    let log = GroupLog(
      folder: folder, place: launch, earlier: nil, ledger: ledger, writePlan: { _ in })
    let context = GroupRunner.Context(
      host: host, factory: factory, references: references, plan: options.plan + plan,
      progress: progress, ledger: ledger, otherRuns: otherRuns, isInterrupted: isInterrupted)
    return GroupRunner(place, sides, context: context, log: log)
  }

  private static let launchesPerStage = 1000

  /// The command of a row, for pairs; what is slowed down is the head by itself.
  private func repro(_ row: WorkloadRow) -> String {
    var repro = RowFactory.repro(row.repro, by: command)
    for slowDown in options.slowDowns {
      var own = slowDown
      own.backend = slowDown.backend.map(RepeatedBackend.baseName)
      repro = repro.replacing(
        ShellText.command(["--slow-down", slowDown.description]),
        with: ShellText.command(["--slow-down", own.description]))
    }
    return repro
  }

  private func pairRows(
    _ group: GroupRecord, _ member: Member, _ record: PairRecord
  ) -> [PairRow] {
    func side(_ side: PairedSide) -> PairRecord.Side? {
      let name = side.name(of: member.contender.backend.name)
      func isOwn(_ key: WorkloadKey) -> Bool {
        key.backend == name && key.isa == member.contender.isa && key.pass == member.place.pass
          && key.layer == member.place.layer
      }
      return group.workloads.first { isOwn($0.key) }.map { row in
        PairRecord.Side(row: row, samples: group.samples.filter { isOwn($0.key) })
      }
    }
    guard let base = side(.base), let head = side(.head) else { return [] }
    let repro = repro(base.row)
    var rows = [record.row(.gated, base, head, as: .head, repro: repro)]
    if let control = side(.control), base.row.status == .ok {
      rows.append(record.row(.control, base, control, as: .control, repro: ""))
    }
    return rows.compactMap(\.self)
  }
}

extension Contender {
  /// This contender as a side knows it.
  fileprivate func on(_ side: PairedSide) -> Contender {
    guard side != .base else { return self }
    var copy = self
    copy.backend = RepeatedBackend(base: backend, name: side.name(of: backend.name))
    return copy
  }
}
