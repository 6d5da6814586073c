import Networks
import OrderedCollections
import Results
import Statistics

/// The fastest backend of a workload, where the intervals allow to name one; among backends of one
/// precision.
package struct Winner: Hashable, Sendable {
  /// The workload, without a backend.
  package var key: WorkloadKey
  package var backend: String
  package var isa: String

  init(key: WorkloadKey, backend: String, isa: String) {
    self.key = key
    self.backend = backend
    self.isa = isa
  }

  /// The row itself as the fastest of its workload.
  init(of key: WorkloadKey) { self.init(key: pairKey(key), backend: key.backend, isa: key.isa) }

  /// A rival that had too few calls for an interval, since it is slow, stands in the way unless its
  /// ratio is above this many times the winner's.
  private static let clearDistance = 2.0

  /// One per workload at most, in the order of the rows of one run that knew one precision only.
  ///
  /// All intervals of the rows hold at once, so that a backend whose interval lies wholly below all
  /// others, and below 1, is the fastest; the baseline is where all others lie above 1. What was
  /// handed to another backend, failed or is part of another step has no interval and is never named.
  /// Of steps inside a net a winner is named only where all backends have such a step; where one
  /// fuses, the stage tells.
  package static func all(in rows: [BackendRatioRow]) -> [Winner] {
    let decided = rows.filter { $0.intervalLower != nil }
    guard let enough = decided.map(\.pairCount).min() else { return [] }
    return OrderedDictionary(grouping: rows, by: \.key).values.compactMap {
      winner(of: $0, enough: enough)
    }
  }

  private struct Contender {
    var backend: String
    var isa: String
    var lower: Double
    var upper: Double
  }

  private static func winner(of rows: [BackendRatioRow], enough: Int) -> Winner? {
    var contenders = [
      Contender(backend: rows[0].baseline, isa: rows[0].baselineISA, lower: 1, upper: 1)
    ]
    var loose: [Double] = []
    for row in rows {
      if let lower = row.intervalLower, let upper = row.intervalUpper {
        contenders.append(
          Contender(
            backend: row.contender, isa: row.contenderISA, lower: lower, upper: upper))
      } else if row.key.pass == .inNet, row.key.kind != StageTimes.kind {
        return nil
      } else if let ratio = row.ratio, row.pairCount < enough {
        loose.append(ratio)
      }
    }
    guard contenders.count > 1 else { return nil }
    let best = contenders.indices.min { contenders[$0].upper < contenders[$1].upper }!
    let isClear = contenders.indices.allSatisfy {
      $0 == best || contenders[$0].lower > contenders[best].upper
    }
    guard isClear, loose.allSatisfy({ $0 > clearDistance * contenders[best].upper }) else {
      return nil
    }
    return Winner(
      key: rows[0].key, backend: contenders[best].backend, isa: contenders[best].isa)
  }

  /// One per workload and precision at most, by comparing the backend with the smallest median with every other one
  /// directly, in the rounds that both have.
  ///
  /// A backend that is not the fastest is named only if it seems faster than the one that is, which is
  /// one comparison for each of the others: the winners of a table are all right with 95 %, one-sided,
  /// when each of those comparisons errs with 0.05 over their number. What was handed to another
  /// backend or failed is never named; a step that some backend fuses, or has no times of, has no
  /// winner.
  package static func all(samples: [SampleRow], workloads: [WorkloadRow]) -> [Winner] {
    let (workloads, times) = timedWorkloads(samples: samples, workloads: workloads)
    let fusions = Fusions(workloads)
    let groups = OrderedDictionary(grouping: workloads) {
      Line(key: pairKey($0.key), precision: $0.facts.precision)
    }.compactMapValues { rivals(of: $0, times, fusions) }
    let counts = Dictionary(grouping: groups, by: { ComparisonTable($0.key.key) }).mapValues {
      $0.reduce(0) { $0 + $1.value.count - 1 }
    }
    return groups.compactMap { line, rivals in
      // The interval is two-sided, and either end errs with half of what it errs with.
      let alpha = 2 * ComparisonFamily(count: counts[ComparisonTable(line.key)] ?? 1).alpha
      guard
        let best = rivals.min(by: { $0.median < $1.median }),
        rivals.allSatisfy({ $0.key == best.key || best.isFaster(than: $0, alpha: alpha) })
      else { return nil }
      return Winner(of: best.key)
    }
  }

  private struct Line: Hashable {
    var key: WorkloadKey
    var precision: Precision
  }

  private struct Rival {
    var key: WorkloadKey
    var times: RoundTimes
    var median: Double

    func isFaster(than other: Rival, alpha: Double) -> Bool {
      let ratios = other.times.ratios(of: times).values
      if let estimate = RatioEstimate(ratios, confidence: 1 - alpha) { return estimate.upper < 1 }
      let estimate = RankRatio(
        baseline: other.times.replicates.times, contender: times.replicates.times,
        confidence: 1 - alpha)
      return estimate.map { $0.upper < 1 } ?? false
    }
  }

  /// Those who may be the fastest of a workload; nil when there is no telling.
  private static func rivals(
    of rows: [WorkloadRow], _ times: [WorkloadKey: RoundTimes], _ fusions: Fusions
  ) -> [Rival]? {
    var rivals: [Rival] = []
    for row in rows {
      if fusions.contain(row.key) { return nil }
      if row.key.pass == .inNet, row.key.kind != StageTimes.kind, row.status.isSwallowed {
        return nil
      }
      guard row.status == .ok, row.facts.delegatedTo.isEmpty, let own = times[row.key],
        let median = OrderStatistics(own.replicates.times)?.median
      else { continue }
      rivals.append(Rival(key: row.key, times: own, median: median))
    }
    return rivals.count > 1 ? rivals : nil
  }
}
