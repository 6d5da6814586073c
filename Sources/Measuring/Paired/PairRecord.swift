import Results
import Statistics

/// Makes rows of `pairs.csv` from what one pair of launches gave.
struct PairRecord {
  var attempt: Int
  var pair: Int
  var isHeadFirst: Bool
  var programs: [PairedSide: PairedProgram]

  /// What one side has to say about a workload.
  struct Side {
    var row: WorkloadRow
    var samples: [SampleRow]
  }

  /// Two sides on one workload; nil when neither computes anything there.
  /// - Parameters:
  ///   - first: the base.
  ///   - second: the head, or for a control the base once more.
  func row(
    _ role: PairRole, _ first: Side, _ second: Side, as side: PairedSide, repro: String
  ) -> PairRow? {
    var row = PairRow(
      key: first.row.key, role: role, attempt: attempt, pair: pair, isHeadFirst: isHeadFirst,
      repro: repro)
    row.base = facts(first, .base)
    row.head = facts(second, side)
    let statuses = (first.row.status, second.row.status)
    switch statuses {
    case (.ok, .ok):
      let ratios = Self.neighbourRatios(first.samples, second.samples)
      row.ratio = medianRatio(of: ratios)
      row.neighbourCount = ratios.count
      return row
    case (.elided, .elided), (.fused, .fused): return nil
    case (let a, let b) where a == b:
      row.status = a
      row.reason = first.row.reason
    default:
      // One of them is right, so that the other one is not what it should be.
      let (name, bad) = first.row.status == .ok ? (side, second.row) : (.base, first.row)
      row.status = .failed
      row.reason = "\(name): \(bad.status.rawValue): \(bad.reason)"
    }
    row.base.nanoseconds = nil
    row.head.nanoseconds = nil
    return row
  }

  /// What the second side takes in each round, relative to the first in the same one.
  private static func neighbourRatios(_ first: [SampleRow], _ second: [SampleRow]) -> [Double] {
    let times = Dictionary(
      first.map { ($0.round, nanoseconds($0)) }, uniquingKeysWith: { first, _ in first })
    return second.compactMap { sample in times[sample.round].map { nanoseconds(sample) / $0 } }
  }

  /// Of one call; a clock that stood still counts as its least step.
  private static func nanoseconds(_ sample: SampleRow) -> Double {
    Double(max(sample.block.wallNanoseconds, 1)) / Double(max(sample.block.iterations, 1))
  }

  private func facts(_ side: Side, _ name: PairedSide) -> PairSide {
    var facts = PairSide()
    facts.nanoseconds = OrderStatistics(side.samples.map(Self.nanoseconds))?.median
    facts.blockCount = side.samples.count
    facts.contaminatedCount = side.samples.count { $0.block.isContaminated }
    facts.isSteady = side.samples.allSatisfy { $0.block.isSteady }
    facts.code = programs[name]?.code ?? ""
    if let handicap = side.row.facts.handicap {
      facts.code += WorkloadFacts.handicapMark + handicap
    }
    facts.hostClass = programs[name]?.hostClass ?? ""
    return facts
  }

  /// Work that is the same on both sides, whatever their code.
  /// - Parameters:
  ///   - layer: names the work.
  ///   - base: times, of which the median counts.
  func sentinel(_ layer: String, base: [Double], head: [Double]) -> PairRow? {
    guard let first = OrderStatistics(base)?.median, let second = OrderStatistics(head)?.median
    else { return nil }
    var row = PairRow(
      key: .sentinel(layer), role: .sentinel, attempt: attempt, pair: pair, isHeadFirst: isHeadFirst
    )
    row.base.nanoseconds = first
    row.head.nanoseconds = second
    row.base.blockCount = base.count
    row.head.blockCount = head.count
    row.base.hostClass = programs[.base]?.hostClass ?? ""
    row.head.hostClass = programs[.head]?.hostClass ?? ""
    return row
  }
}
