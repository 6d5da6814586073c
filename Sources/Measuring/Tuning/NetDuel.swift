import Networks
import Results
import Statistics

/// Two nets that are alive in one process, block beside block.
struct NetDuel {
  /// Asked before every pair; throws to end it all.
  let proceed: () throws -> Void

  /// A block lasts this long at least.
  static let blockNanoseconds = 5_000_000.0
  private static let confidence = 0.95
  private static let leastPairs = 8
  private static let mostPairs = 24
  /// After that many pairs a challenger whose median is slower is given up.
  private static let glancePairs = 4
  private static let hopelessRatio = 1.004
  /// Later one that does not gain as much by the median.
  private static let leastGain = 0.003

  /// What pairs of blocks say.
  struct Outcome {
    /// Challenger over the one that it challenges.
    var estimate: RatioEstimate?
    /// Medians of one call.
    var baseNanoseconds: Double
    var challengerNanoseconds: Double

    /// The whole interval is below 1.
    var isFaster: Bool { estimate.map { $0.upper < 1 } ?? false }
  }

  /// - Parameters:
  ///   - nanoseconds: of a call, about.
  ///   - isFinal: whether all pairs are to be measured.
  func run(
    base: any Workload, challenger: any Workload, nanoseconds: Double, isFinal: Bool = false
  ) throws -> Outcome {
    let iterations = Self.iterations(nanoseconds)
    var times: (base: [Double], challenger: [Double]) = ([], [])
    var estimate: RatioEstimate?
    while times.base.count < Self.mostPairs {
      try proceed()
      // Each is first every other time.
      if times.base.count.isMultiple(of: 2) {
        times.base.append(try time(base, iterations))
        times.challenger.append(try time(challenger, iterations))
      } else {
        times.challenger.append(try time(challenger, iterations))
        times.base.append(try time(base, iterations))
      }
      let ratios = zip(times.base, times.challenger).map { $1 / $0 }
      estimate = RatioEstimate(ratios, confidence: Self.confidence)
      if isFinal { continue }
      if ratios.count == Self.glancePairs,
        let median = medianRatio(of: ratios), median > Self.hopelessRatio
      {
        break
      }
      if ratios.count >= Self.leastPairs, let estimate,
        estimate.upper < 1 || estimate.median > 1 - Self.leastGain
      {
        break
      }
    }
    func median(_ times: [Double]) -> Double { OrderStatistics(times)?.median ?? 0 }
    return Outcome(
      estimate: estimate, baseNanoseconds: median(times.base),
      challengerNanoseconds: median(times.challenger))
  }

  static func iterations(_ nanoseconds: Double) -> Int {
    max(1, Int((blockNanoseconds / max(nanoseconds, 1)).rounded(.up)))
  }

  /// Nanoseconds of one call.
  func time(_ workload: any Workload, _ iterations: Int) throws -> Double {
    let block = try workload.time(BlockRequest(iterations: iterations, isPrimed: true))
    return Double(block.wallNanoseconds) / Double(iterations)
  }
}
