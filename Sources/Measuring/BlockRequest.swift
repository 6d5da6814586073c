/// What a host is asked to time at once.
package struct BlockRequest: Codable, Hashable, Sendable {
  /// Calls in the block, at least 1.
  package var iterations: Int
  /// Untimed calls come first.
  package var isPrimed: Bool
  /// After the calls the clock runs on for this share of the time that they took.
  package var handicap: Double
  /// The same for each step of a net whose steps are timed; empty for none.
  package var stepHandicaps: [Double]

  package init(
    iterations: Int, isPrimed: Bool, handicap: Double = 0, stepHandicaps: [Double] = []
  ) {
    self.iterations = iterations
    self.isPrimed = isPrimed
    self.handicap = handicap
    self.stepHandicaps = stepHandicaps
  }
}
