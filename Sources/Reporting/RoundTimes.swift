import Results
import Statistics

extension SampleRow {
  /// Of the block, in nanoseconds.
  var timePerCall: Double { Double(block.wallNanoseconds) / Double(max(block.iterations, 1)) }
}

/// A workload's times per call in nanoseconds, by launch and round.
struct RoundTimes {
  private let launches: [Int: [Int: Double]]

  /// Several blocks of one round count as their lower median.
  init(_ samples: [SampleRow]) {
    launches = Dictionary(grouping: samples, by: \.launch).mapValues { samples in
      Dictionary(grouping: samples, by: \.round).mapValues {
        OrderStatistics($0.map(\.timePerCall))!.median
      }
    }
  }

  /// The sum of several steps, in the rounds that all of them have; nil without a step or such a round.
  init?(sumOf steps: [RoundTimes?]) {
    guard var sum = steps.first??.launches else { return nil }
    for step in steps.dropFirst() {
      guard let step else { return nil }
      for (launch, rounds) in sum {
        let others = step.launches[launch] ?? [:]
        sum[launch] = rounds.reduce(into: [:]) { sums, round in
          if let other = others[round.key] { sums[round.key] = round.value + other }
        }
      }
    }
    launches = sum.filter { !$0.value.isEmpty }
    if launches.isEmpty { return nil }
  }

  /// The replicates that intervals are made of, in rising order. Rounds of one launch are
  /// replicates of this process; only launches are of the host.
  var replicates: (scope: ComparisonScope, times: [Double]) {
    guard launches.count == 1, let rounds = launches.first?.value else {
      return (.host, launches.values.map { OrderStatistics($0.values)!.median }.sorted())
    }
    return (.process, rounds.values.sorted())
  }

  /// Ratios of `contender` over these times in rounds that both have, in rising order; with several
  /// launches the median of each launch.
  func ratios(of contender: RoundTimes) -> (scope: ComparisonScope, values: [Double]) {
    let isOneLaunch = Set(launches.keys).union(contender.launches.keys).count == 1
    let perLaunch = ratiosInTime(of: contender)
    return isOneLaunch
      ? (.process, perLaunch.flatMap(\.self).sorted())
      : (.host, perLaunch.compactMap(medianRatio(of:)).sorted())
  }

  /// Ratios of `contender` over these times in rounds that both have, in the order of time, by launch.
  func ratiosInTime(of contender: RoundTimes) -> [[Double]] {
    launches.sorted { $0.key < $1.key }.compactMap { launch, rounds in
      contender.launches[launch].map { others in
        rounds.sorted { $0.key < $1.key }.compactMap { round, time in
          others[round].flatMap { time > 0 ? $0 / time : nil }
        }
      }
    }
  }
}

extension ComparisonScope {
  /// What pairs are made of.
  var unit: String { self == .process ? "round" : "launch" }

  /// `12 rounds`, `1 launch`.
  func count(_ count: Int) -> String {
    let plural = self == .process ? "rounds" : "launches"
    return "\(count) \(count == 1 ? unit : plural)"
  }
}
