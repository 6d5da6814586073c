import CSupport
import Results
import Statistics

/// Decides after every round whether a group goes on. Squares are never left half done: position and
/// carry-over are balanced over whole ones only.
package struct StopRule: Sendable {
  /// Rounds of one square.
  package var squareRounds: Int
  /// Rounds that are wanted in any case, where there is time.
  package var minimum: Int
  /// Rounds at most; the same as `minimum` for a number that is fixed beforehand.
  package var maximum: Int
  /// Largest half-width of the intervals, relative to the medians; nil for none.
  package var precision: Double?
  /// Nanoseconds that the group may take from its begin; nil for any.
  package var allowance: Int?

  /// What is known after some rounds.
  package struct State: Sendable {
    /// Since the group began.
    package var elapsed: Int
    /// Of one more square, as those before went.
    package var squareNanoseconds: Int
    /// What is still to come after the rounds.
    package var restNanoseconds: Int
    /// Half-widths of the entrants' 95 % intervals relative to their medians; nil without one.
    package var halfWidths: [Double?]

    package init(
      elapsed: Int = 0, squareNanoseconds: Int = 0, restNanoseconds: Int = 0,
      halfWidths: [Double?] = []
    ) {
      self.elapsed = elapsed
      self.squareNanoseconds = squareNanoseconds
      self.restNanoseconds = restNanoseconds
      self.halfWidths = halfWidths
    }
  }

  package init(
    squareRounds: Int, minimum: Int, maximum: Int, precision: Double? = nil, allowance: Int? = nil
  ) {
    self.squareRounds = squareRounds
    self.minimum = minimum
    self.maximum = maximum
    self.precision = precision
    self.allowance = allowance
  }

  /// - Parameters:
  ///   - state: asked for only where it decides.
  ///   - round: number of rounds that are complete.
  package func goesOn(_ state: @autoclosure () -> State, round: Int) -> Bool {
    if round == 0 || !round.isMultiple(of: squareRounds) { return true }
    guard round < maximum else { return round < minimum }
    if allowance == nil, round < minimum { return true }
    let state = state()
    if let allowance {
      let next = state.elapsed + state.squareNanoseconds + state.restNanoseconds
      guard next <= allowance else { return false }
    }
    if round < minimum { return true }
    guard let precision else { return allowance != nil }
    return !state.halfWidths.allSatisfy { $0.map { $0 <= precision } ?? false }
  }

  /// Half of the 95 % interval of the median of some values, relative to it; nil for too few.
  package static func halfWidth(_ values: [Double]) -> Double? {
    guard let all = OrderStatistics(values), all.median > 0,
      let ranks = SignInterval(count: all.count, confidence: 0.95)
    else { return nil }
    return (all.value(rank: ranks.upper) - all.value(rank: ranks.lower)) / (2 * all.median)
  }
}

extension GroupRunner {
  /// The rule for a schedule.
  func stopRule(_ schedule: Schedule) -> StopRule {
    StopRule(
      squareRounds: max(WilliamsSquare.rows(treatments: max(schedule.inside.count, 1)).count, 1),
      minimum: options.rounds, maximum: options.maximumRounds ?? options.rounds,
      precision: options.precision,
      allowance: options.maximumRounds == nil ? nil : allowance)
  }

  /// - Parameters:
  ///   - first: round that this process began with.
  ///   - begin: clock when it did.
  func stopState(
    _ schedule: Schedule, round: Int, first: Int, begin: Int, squareRounds: Int
  ) -> StopRule.State {
    let now = Int(alex_monotonic_ns())
    let own = max(round - first, 1)
    let outside = schedule.outside.filter(isAlive).reduce(0) { sum, index in
      let block = max(slots[index].nanoseconds, 5_000_000)
      return sum + block * place.passes.count * options.slowBlocks
    }
    let times = Dictionary(grouping: (log.earlier?.samples ?? []) + record.samples) {
      "\($0.key.backend) \($0.key.isa)"
    }
    let halfWidths = schedule.inside.filter(isAlive).map { index -> Double? in
      let key = slots[index].row.key
      let samples = (times["\(key.backend) \(key.isa)"] ?? []).filter { $0.key.pass == place.pass }
      // Of the steps inside a net the sum is looked at.
      let rounds = Dictionary(grouping: samples, by: \.round).values.map { round in
        Double(round.reduce(0) { $0 + $1.block.wallNanoseconds })
          / Double(max(round[0].block.iterations, 1))
      }
      return StopRule.halfWidth(rounds)
    }
    return StopRule.State(
      elapsed: now - start, squareNanoseconds: (now - begin) / own * squareRounds,
      restNanoseconds: outside, halfWidths: halfWidths)
  }
}
