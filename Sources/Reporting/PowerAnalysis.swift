import OrderedCollections
import Results
import Statistics

/// How many rounds it takes to tell a difference of a given size, judged by the spread of a run
/// that was made (`alexbench power`).
package struct PowerAnalysis: Sendable {
  /// Counts above are given as such; nobody measures so long.
  package static let limit = 20_000

  package struct Row: Hashable, Sendable {
    package var key: WorkloadKey
    package var baseline: String
    package var contender: String
    package var scope: ComparisonScope
    /// Pairs of the run.
    package var pairCount: Int
    /// What those detect, in percent; nil when they are too few for an interval.
    package var detectablePercent: Double?
    /// Pairs that detect the effect with probability 0.95; nil above the limit.
    package var neededCount: Int?
    /// What those take, all backends of the workload together; nil as above.
    package var minutes: Double?
  }

  package let effectPercent: Double
  /// Comparisons that share the error probability, as in `compare.csv`; of several tables the most.
  package let family: Int
  package let rows: [Row]

  /// - Parameters:
  ///   - effectPercent: above 0.
  ///   - rule: of the run.
  package init(
    samples: [SampleRow], workloads: [WorkloadRow], effectPercent: Double,
    rule: ComparisonRule = .ofRun
  ) {
    precondition(effectPercent > 0)
    self.effectPercent = effectPercent
    let all = comparedPairs(samples: samples, workloads: workloads, rule: rule)
      .filter(\.isInFamily)
    family =
      rule == .ofRun
      ? all.count
      : Dictionary(grouping: all) { ComparisonTable($0.key) }.values.map(\.count).max() ?? 0
    // A stage is measured with its steps and costs nothing more.
    let pairs = all.filter { $0.key.kind != StageTimes.kind }
    let confidence = 1 - bonferroni(alpha: BackendComparisonRule.alpha, family: family)
    let designs = DetectionDesigns(confidence: confidence)
    let blocks = Dictionary(grouping: samples) { pairKey($0.key) }
    let seconds = Dictionary(
      Set(pairs.map(\.key)).map { ($0, secondsPerReplicate(blocks[$0] ?? [])) },
      uniquingKeysWith: { first, _ in first })
    rows = pairs.compactMap { pair in
      guard let spread = RatioSpread(pair.ratios) else { return nil }
      let count = DetectionDesign.count(
        detecting: effectPercent / 100, spread: spread, confidence: confidence, limit: Self.limit)
      return Row(
        key: pair.key, baseline: pair.baseline.columnName, contender: pair.contender.columnName,
        scope: pair.scope, pairCount: pair.ratios.count,
        detectablePercent: designs.design(count: pair.ratios.count).map {
          100 * $0.detectableEffect(spread)
        }, neededCount: count, minutes: count.map { Double($0) * seconds[pair.key]! / 60 })
    }
  }

  /// The most that any comparison needs; nil when one is above the limit or there is none.
  package var neededCount: Int? {
    rows.allSatisfy { $0.neededCount != nil } ? rows.compactMap(\.neededCount).max() : nil
  }

  /// Minutes of so many rounds of every workload in the plan.
  private func totalMinutes(_ count: Int) -> Double {
    var perPair: [WorkloadKey: Double] = [:]
    for row in rows {
      guard let minutes = row.minutes, let needed = row.neededCount else { continue }
      perPair[row.key] = minutes / Double(needed)
    }
    return perPair.values.sorted().reduce(0, +) * Double(count)
  }

  /// A table per network, batch and thread count, and a line that sums up.
  package func text() -> String {
    let tables = OrderedDictionary(grouping: rows) { GroupKey($0.key) }.map { key, rows in
      let header = ["layer", "contender / baseline", "pairs", "detect now", "need", "minutes"]
      var grid = Grid(header: [header], rows: [])
      grid.leftAligned = [0, 1]
      grid.rows = rows.map { row in
        let name = row.key.pass == .inNet ? "\(row.key.layer) in net" : row.key.layer
        let fields = [
          name, "\(row.contender) / \(row.baseline)", row.scope.count(row.pairCount),
          row.detectablePercent.map { NumberText.rate($0) + " %" } ?? "too few",
          row.neededCount.map(row.scope.count) ?? "> \(Self.limit)",
          row.minutes.map(NumberText.rate) ?? "",
        ]
        return fields.map { Grid.Cell([$0]) }
      }
      return key.title + "\n" + grid.terminal(isBold: false) + "\n"
    }
    return tables.joined() + wrapped("", conclusion)
  }

  private var conclusion: String {
    guard let first = rows.first else {
      return "nothing to compare: two backends with \(BackendComparisonRule.minimumPairs) rounds "
        + "or more are needed"
    }
    let promise =
      "a difference of \(NumberText.rate(effectPercent)) % is detected with probability 0.95 when "
      + "\(family) \(family == 1 ? "comparison is" : "comparisons are") made at once"
    guard let count = neededCount else {
      return promise + " only where a number stands under 'need'; the rest scatters too much"
    }
    let option = first.scope == .process ? "--rounds" : "--launches"
    return promise + ", everywhere with \(option) \(count), about "
      + "\(NumberText.rate(totalMinutes(count))) minutes"
  }
}

extension WorkloadRow {
  /// Backend and instruction set.
  fileprivate var columnName: String { "\(key.backend) (\(key.isa))" }
}

/// Wall time that one more round of a workload takes, or one more launch: what its blocks span.
/// Backends outside the rounds are left out.
private func secondsPerReplicate(_ samples: [SampleRow]) -> Double {
  let byBackend = Dictionary(grouping: samples) { [$0.key.backend, $0.key.isa] }
  let most = byBackend.values.map(\.count).max() ?? 0
  let inside = byBackend.values.filter { $0.count == most }.flatMap(\.self)
  let launches = Dictionary(grouping: inside, by: \.launch)
  let nanoseconds = launches.values.reduce(0.0) { sum, blocks in
    let start = blocks.map(\.block.startNanoseconds).min()!
    let end = blocks.map { $0.block.startNanoseconds + $0.block.wallNanoseconds }.max()!
    return sum + Double(end - start)
  }
  let count =
    launches.count == 1 ? Set(inside.map(\.round)).count : launches.count
  return nanoseconds / 1e9 / Double(max(count, 1))
}
