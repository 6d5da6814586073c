import CSupport
import Execution
import Networks
import Results
import Tensors

/// Measures two programs in pairs of fresh processes, workload by workload beside each other: the
/// processes of a pair live at the same time, and their blocks take turns.
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
  private let ledger = TimeLedger()
  /// How long a side took in the latest pair, by workload without run; and what else a pair takes.
  private var sideNanoseconds: [WorkloadKey: Double] = [:]
  private var pairOverhead = 0.0
  private var inGroups = 0.0
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

  /// Seconds that a pair of a second stage with some workloads takes, as far as those of the first
  /// tell: each then has a control of its own.
  package func secondsOfPairAgain(_ isWanted: (WorkloadKey) -> Bool) -> Double {
    let sides = Double(PairedSide.allCases.count)
    return
      (pairOverhead
      + sideNanoseconds.reduce(0) { $0 + (isWanted($1.key) ? sides * $1.value : 0) }) / 1e9
  }

  /// Measures pair after pair.
  /// - Parameters:
  ///   - attempt: 1, or 2 for a second stage, in which the order of starting is reversed.
  ///   - seconds: no pair is begun that would probably end later than this from now.
  ///   - isWanted: chooses workloads; nets with a control are measured in any first stage.
  ///   - each: gets the rows of each pair.
  /// - Returns: the number of complete pairs.
  package func measure(
    attempt: Int, pairs: Int, seconds: Double, isWanted: (WorkloadKey) -> Bool = { _ in true },
    each: ([PairRow]) throws -> Void
  ) throws -> Int {
    let start = ledger.elapsedNanoseconds
    var last = 0
    progress.expect(Double(pairs))
    defer { progress.clear() }
    for pair in 0..<pairs {
      let begin = ledger.elapsedNanoseconds
      inGroups = 0
      guard Double(begin - start + last) <= seconds * 1e9 || pair == 0 else { return pair }
      let rows = try measure(attempt: attempt, pair: pair, isWanted)
      guard !wasInterrupted else { return pair }
      try each(rows)
      last = ledger.elapsedNanoseconds - begin
      pairOverhead = Double(last) - inGroups
      progress.advance(1)
    }
    return pairs
  }

  private func measure(
    attempt: Int, pair: Int, _ isWanted: (WorkloadKey) -> Bool
  ) throws -> [PairRow] {
    let record = PairRecord(
      attempt: attempt, pair: pair, isHeadFirst: pair.isMultiple(of: 2) == (attempt == 2),
      programs: programs)
    let host = try SidesHost(
      programs: programs, isHeadFirst: record.isHeadFirst, timeout: timeout)
    defer { host.close() }
    var rows: [PairRow] = []
    var clocks: [PairedSide: [Double]] = [:]
    let hasNets = options.passes.contains(.net)
    for place in matrix.places {
      for (index, contender) in contenders.enumerated() where !wasInterrupted {
        let key = factory.key(place, contender)
        let isUsualPlace =
          (place.isNet || !hasNets)
          && (!hasSingleControl || index == contenders.count - 1)
        // In a second stage whatever is measured has its own.
        let hasControl = attempt > 1 || isUsualPlace
        guard isWanted(key) || (attempt == 1 && hasControl && hasNets) else { continue }
        let sides: [PairedSide] = hasControl ? [.base, .head, .control] : [.base, .head]
        // In the first pair the base chooses tiles for all.
        host.joining = record.pair > 0 || record.attempt > 1 ? Array(sides.dropFirst()) : []
        let begin = ledger.elapsedNanoseconds
        let group = try run(place, sides.map { contender.on($0) }, host, record)
        let taken = Double(ledger.elapsedNanoseconds - begin)
        inGroups += taken
        var name = key
        name.runID = ""
        sideNanoseconds[name] = taken / Double(sides.count)
        rows += pairRows(group, contender, place, hasControl: hasControl, record)
        for sample in group.samples where sample.block.clockGHz > 0 {
          clocks[PairedSide.split(sample.key.backend).side, default: []]
            .append(1 / sample.block.clockGHz)
        }
      }
    }
    guard !wasInterrupted else { return [] }
    rows += [record.sentinel("clock", base: clocks[.base] ?? [], head: clocks[.head] ?? [])]
      .compactMap(\.self)
    return rows + (try roofSentinels(host, record))
  }

  /// All sides on one layer or net.
  private func run(
    _ place: WorkloadPlace, _ sides: [Contender], _ host: SidesHost, _ record: PairRecord
  ) throws -> GroupRecord {
    // A launch of its own in files, also in a second stage.
    let launch = LaunchedGroup(
      launch: record.pair + (record.attempt - 1) * Self.launchesPerStage, group: GroupID(place))
    let log = GroupLog(
      folder: folder, place: launch, earlier: nil, ledger: ledger, writePlan: { _ in })
    let context = GroupRunner.Context(
      host: host, factory: factory, references: references, plan: options.plan + plan,
      progress: progress, ledger: ledger, otherRuns: otherRuns, isInterrupted: isInterrupted)
    let group = GroupRunner(place, sides, context: context, log: log)
    let result = try group.run()
    plan += result.plan
    warnings += result.warnings.filter { !warnings.contains($0) }
    wasInterrupted = wasInterrupted || result.wasInterrupted
    return result
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
    _ group: GroupRecord, _ contender: Contender, _ place: WorkloadPlace, hasControl: Bool,
    _ record: PairRecord
  ) -> [PairRow] {
    func side(_ side: PairedSide) -> PairRecord.Side? {
      let name = side.name(of: contender.backend.name)
      func isOwn(_ key: WorkloadKey) -> Bool {
        key.backend == name && key.isa == contender.isa && key.pass == place.pass
          && key.layer == place.layer
      }
      return group.workloads.first { isOwn($0.key) }.map { row in
        PairRecord.Side(row: row, samples: group.samples.filter { isOwn($0.key) })
      }
    }
    guard let base = side(.base), let head = side(.head) else { return [] }
    let repro = repro(base.row)
    var rows = [record.row(.gated, base, head, as: .head, repro: repro)]
    if hasControl, let control = side(.control), base.row.status == .ok {
      rows.append(record.row(.control, base, control, as: .control, repro: ""))
    }
    return rows.compactMap(\.self)
  }

  /// Peak arithmetic and reading of memory, as each side's own probes see them in turns.
  private func roofSentinels(_ host: SidesHost, _ record: PairRecord) throws -> [PairRow] {
    let request = RoofRequest(threads: options.threads[0], cpus: options.cpus)
    var times: [String: [PairedSide: [Double]]] = [:]
    for turn in 0..<Self.roofTurns {
      let sides: [PairedSide] = turn.isMultiple(of: 2) ? [.base, .head] : [.head, .base]
      for side in sides {
        for reading in try host.roofs(request, of: side)
        where reading.value > 0 && (reading.level == .multiplyAdd || reading.level == .memory) {
          let name = reading.level == .multiplyAdd ? "fma \(reading.isa)" : "memory"
          times[name, default: [:]][side, default: []].append(1 / reading.value)
        }
      }
    }
    return times.sorted { $0.key < $1.key }.compactMap {
      record.sentinel($0.key, base: $0.value[.base] ?? [], head: $0.value[.head] ?? [])
    }
  }

  private static let roofTurns = 4
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
