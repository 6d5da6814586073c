import Results
import Statistics

/// Makes baselines of runs, and pairs of a baseline and a later run.
package enum BaselinePairs {
  /// Launches that a baseline must have: as many pairs as the shortest check.
  package static let minimumLaunches = 12
  /// Largest share of blocks that something foreign touched.
  static let contaminatedLimit = 0.2

  /// Why a run cannot be a baseline; nil when it can.
  package static func refusal(_ run: RunFiles) -> String? {
    guard run.environment.finishedAt != nil else {
      return "it is not complete; continue it with 'alexbench run --resume'"
    }
    if run.environment.build.configuration == "debug" {
      return "it was measured with a debug build; build with 'swift build -c release'"
    }
    if let handicap = run.environment.slowDowns.first {
      return "it was slowed down on purpose (--slow-down \(handicap))"
    }
    let wrong = run.workloads.first { $0.status == .failed || $0.status == .mistrusted }
    if let wrong {
      return "\(wrong.key.backend) \(wrong.status.rawValue) at \(wrong.key.layer): \(wrong.reason)"
    }
    let launches = Set(run.samples.map(\.launch)).count
    guard launches >= minimumLaunches else {
      return "it has \(launches) launches, a baseline needs \(minimumLaunches); measure with "
        + "'alexbench run --launches 20'"
    }
    let contaminated = run.samples.count { $0.block.isContaminated }
    guard Double(contaminated) <= contaminatedLimit * Double(run.samples.count) else {
      return "\(contaminated) of its \(run.samples.count) blocks were touched by other work; "
        + "measure on a quiet machine"
    }
    guard !rows(samples: run.samples, workloads: run.workloads).isEmpty else {
      return "it has neither layers alone with warm caches nor nets"
    }
    return nil
  }

  /// A row per workload and launch, in the order of the workloads.
  package static func rows(samples: [SampleRow], workloads: [WorkloadRow]) -> [BaselineRow] {
    let blocks = Dictionary(grouping: samples, by: \.key)
    return workloads.filter { $0.status == .ok && isCompared($0.key) }.flatMap { workload in
      Dictionary(grouping: blocks[workload.key] ?? [], by: \.launch)
        .sorted { $0.key < $1.key }.compactMap { launch, own in
          row(workload, launch: launch, own)
        }
    }
  }

  private static func isCompared(_ key: WorkloadKey) -> Bool {
    key.pass != .inNet && key.cache == .warm
  }

  private static func row(
    _ workload: WorkloadRow, launch: Int, _ samples: [SampleRow]
  ) -> BaselineRow? {
    let times = samples.map {
      Double($0.block.wallNanoseconds) / Double(max($0.block.iterations, 1))
    }
    guard let time = OrderStatistics(times)?.median,
      let clock = OrderStatistics(samples.map(\.block.clockGHz))?.median
    else { return nil }
    var row = BaselineRow()
    row.key = workload.key
    row.launch = launch
    row.nanoseconds = time
    row.blockCount = samples.count
    row.contaminatedCount = samples.count { $0.block.isContaminated }
    row.isSteady = samples.allSatisfy(\.block.isSteady)
    row.clockGHz = clock
    row.repro = workload.repro
    return row
  }

  /// Launches of a later run, each beside one of the baseline's. The two runs took
  /// place at different times, so that the pairing is arbitrary.
  /// - Parameters:
  ///   - workloads: of the later run.
  ///   - code: of the program of the later run.
  ///   - command: takes the place of `alexbench run` in the commands of rows.
  package static func pairs(
    _ baseline: Baseline, samples: [SampleRow], workloads: [WorkloadRow], attempt: Int,
    code: String, hostClass: String, command: String
  ) -> [PairRow] {
    let before = Dictionary(grouping: baseline.rows) { $0.key.without(.run) }
    let now = Dictionary(grouping: rows(samples: samples, workloads: workloads)) {
      $0.key.without(.run)
    }
    var result: [PairRow] = []
    for workload in workloads {
      let key = workload.key.without(.run)
      guard isCompared(workload.key), let base = before[key] else { continue }
      let repro = workload.repro.replacing("alexbench run", with: command, maxReplacements: 1)
      var blank = PairRow(
        key: workload.key, role: .gated, attempt: attempt, pair: 0, isHeadFirst: false,
        repro: repro)
      blank.base.code = baseline.environment.build.executable ?? ""
      blank.head.code = code
      if let handicap = workload.facts.handicap {
        blank.head.code += WorkloadFacts.handicapMark + handicap
      }
      blank.base.hostClass = baseline.hostClass
      blank.head.hostClass = hostClass
      guard workload.status == .ok else {
        blank.status = .failed
        blank.reason = "now \(workload.status.rawValue): \(workload.reason)"
        result.append(blank)
        continue
      }
      for (pair, sides) in zip(base, now[key] ?? []).enumerated() {
        var row = blank
        row.pair = pair
        fill(&row.base, sides.0)
        fill(&row.head, sides.1)
        result.append(row)
      }
    }
    return result + clockRows(result, baseline, samples, attempt: attempt)
  }

  private static func fill(_ side: inout PairSide, _ row: BaselineRow) {
    side.nanoseconds = row.nanoseconds
    side.blockCount = row.blockCount
    side.contaminatedCount = row.contaminatedCount
    side.isSteady = row.isSteady
  }

  /// The sentinel: a chain of additions, as long as a clock's tick.
  private static func clockRows(
    _ rows: [PairRow], _ baseline: Baseline, _ samples: [SampleRow], attempt: Int
  ) -> [PairRow] {
    guard let side = rows.first else { return [] }
    func clocks(_ launches: [Int: [Double]]) -> [Double] {
      launches.sorted { $0.key < $1.key }.compactMap {
        OrderStatistics($0.value.filter { $0 > 0 }.map { 1 / $0 })?.median
      }
    }
    let before = clocks(
      Dictionary(grouping: baseline.rows, by: \.launch).mapValues { $0.map(\.clockGHz) })
    let now = clocks(
      Dictionary(grouping: samples, by: \.launch).mapValues { $0.map(\.block.clockGHz) })
    return zip(before, now).enumerated().map { pair, times in
      var row = PairRow(
        key: .sentinel("clock"), role: .sentinel, attempt: attempt, pair: pair,
        isHeadFirst: false)
      row.base.nanoseconds = times.0
      row.head.nanoseconds = times.1
      row.base.hostClass = side.base.hostClass
      row.head.hostClass = side.head.hostClass
      return row
    }
  }
}
