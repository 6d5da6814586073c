import Results
import Statistics

/// Divides the rest of a time among groups that have begun.
///
/// It goes by counts, by how long rounds take and by how far ratios scatter, never by which side is
/// faster: whether a comparison is looked at longer must not depend on what it says.
package struct RoundPlan: Sendable {
  /// What a group that has begun needs.
  package struct Demand: Hashable, Sendable {
    /// Rounds of one square; only whole ones balance position and carry-over.
    package var squareRounds: Int
    package var done: Int
    /// Rounds at most.
    package var limit: Int
    package var roundNanoseconds: Int
    /// Of ratios of two contenders, relative to their median; nil where nothing is known.
    package var scatter: Double?
    /// One more block of each that takes no turns.
    package var slowNanoseconds: Int
    /// What still comes after the rounds.
    package var restNanoseconds: Int

    package init(
      squareRounds: Int, done: Int, limit: Int, roundNanoseconds: Int, scatter: Double?,
      slowNanoseconds: Int, restNanoseconds: Int
    ) {
      self.squareRounds = squareRounds
      self.done = done
      self.limit = limit
      self.roundNanoseconds = roundNanoseconds
      self.scatter = scatter
      self.slowNanoseconds = slowNanoseconds
      self.restNanoseconds = restNanoseconds
    }
  }

  /// How much the verdicts of a group matter, and what they take.
  package struct Wish: Hashable, Sendable {
    /// Comparisons that hold together with the group's.
    package var family: ComparisonFamily
    /// Whether it is a convolution, a fully connected layer or a net: what a net's time goes to.
    package var isHeavy: Bool

    package init(family: ComparisonFamily, isHeavy: Bool) {
      self.family = family
      self.isHeavy = isHeavy
    }

    /// Rounds that make intervals which wild rounds do not reach.
    package var roundCount: Int { family.pairCount(rank: isHeavy ? 4 : 2) }

    /// Weight of a group's scatter beside the others'.
    fileprivate var weight: Double { isHeavy ? 1 : 0.25 }
  }

  /// What a group is to have in the end.
  package struct Goal: Hashable, Sendable {
    package var rounds: Int
    /// Of each contender that takes no turns.
    package var blocks: Int
  }

  package let goals: [Goal]

  /// Scatter of a group of which nothing is known.
  private static let usualScatter = 0.05
  /// Blocks of a contender that takes no turns, beyond those asked for, where that makes an interval.
  private static let moreBlocks = 2

  /// - Parameters:
  ///   - slowBlocks: blocks that each contender which takes no turns has at least.
  ///   - nanoseconds: for all that is missing.
  package init(_ groups: [(demand: Demand, wish: Wish)], slowBlocks: Int, nanoseconds: Int) {
    // A square is never left half done, and everyone has one.
    var totals = groups.map { group in
      min(
        group.demand.limit,
        Self.wholeSquares(max(group.demand.done, 1), of: group.demand.squareRounds))
    }
    var rest = Double(nanoseconds)
    for (total, group) in zip(totals, groups) {
      rest -= Double(total - group.demand.done) * Double(group.demand.roundNanoseconds)
      rest -= Double(group.demand.restNanoseconds)
      rest -= Double(slowBlocks) * Double(group.demand.slowNanoseconds)
    }
    // Light layers, which get few rounds, have more of such blocks instead.
    for group in groups where !group.wish.isHeavy {
      rest -= Double(Self.moreBlocks) * Double(group.demand.slowNanoseconds)
    }
    let isLate = rest < 0
    let enough = groups.map { group in
      // Beside a contender that takes no turns, so many that its blocks make an interval.
      max(
        group.wish.roundCount,
        group.wish.isHeavy && group.demand.slowNanoseconds > 0
          ? (1...max(group.demand.limit, 1)).first {
            group.wish.family.hasRankInterval(slowBlocks, $0)
          } ?? 0 : 0)
    }
    func cost(_ index: Int) -> Double {
      Double(groups[index].demand.squareRounds) * Double(groups[index].demand.roundNanoseconds)
    }
    func urgency(_ index: Int) -> Double {
      let (wish, total) = (groups[index].wish, Double(totals[index]))
      let missing = 1 - total / Double(enough[index])
      // What has too few rounds for a verdict comes first.
      if missing > 0 { return 1e6 * (1 + missing) * wish.weight }
      let scatter = groups[index].demand.scatter ?? Self.usualScatter
      return wish.weight * scatter / total.squareRoot()
    }
    while true {
      let next = groups.indices.filter {
        totals[$0] + groups[$0].demand.squareRounds <= groups[$0].demand.limit && cost($0) <= rest
      }.max { urgency($0) < urgency($1) }
      guard let next else { break }
      rest -= cost(next)
      totals[next] += groups[next].demand.squareRounds
    }
    goals = zip(totals, groups).map { total, group in
      guard !isLate else { return Goal(rounds: total, blocks: 1) }
      return Goal(
        rounds: total, blocks: Self.blocks(slowBlocks, beside: total, group.wish.family))
    }
  }

  /// Blocks of a contender that takes no turns: as many as asked for, or some more where those make an
  /// interval beside rounds that make intervals themselves.
  package static func blocks(
    _ least: Int, beside rounds: Int, _ family: ComparisonFamily
  ) -> Int {
    guard rounds >= family.pairCount(rank: 1) else { return least }
    return (least...least + moreBlocks).first { family.hasRankInterval($0, rounds) } ?? least
  }

  private static func wholeSquares(_ rounds: Int, of square: Int) -> Int {
    (rounds + square - 1) / max(square, 1) * square
  }
}

extension RoundPlan.Wish {
  /// What the comparisons of a place take, of all that a run compares in the same setting.
  init(_ place: WorkloadPlace, in matrix: RunMatrix) {
    let together = matrix.places.filter {
      $0.graph.networkName == place.graph.networkName && $0.batch == place.batch
        && $0.threads == place.threads && $0.cache == place.cache && $0.isNet == place.isNet
    }
    // A net whose steps are timed has a comparison for each of them.
    let workloads =
      place.isNet
      ? place.passes.contains(.inNet) ? place.graph.nodes.count : 1 : together.count
    let contenders = matrix.contenders.filter { $0.obstacle(place) == nil }.count
    self.init(
      family: ComparisonFamily(count: workloads * max(contenders - 1, 1)),
      isHeavy: [.convolution, .innerProduct, .network].contains(place.kind))
  }
}
