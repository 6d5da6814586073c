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
