import Synchronization

/// A test whose amount of data is decided in steps that are fixed beforehand: a first stage only says
/// what is worth a second one, which alone decides, at some looks that share the error probability.
///
/// The second stage has data of its own, so that its error probability holds whatever the first one
/// picked. Spending a part of it at each look keeps the sum (Lan and DeMets, Biometrika 70 (1983),
/// 659–663, with Bonferroni's bound in place of the joint distribution).
package struct StagedTest: Hashable, Sendable {
  /// How much is looked at, and the share of the error probability that this look may spend.
  package struct Look: Hashable, Sendable {
    package var count: Int
    package var share: Double

    package init(count: Int, share: Double) {
      self.count = count
      self.share = share
    }
  }

  package var looks: [Look]

  package init(looks: [Look]) { self.looks = looks }

  /// The looks that so many launches of the second stage allow. What is left over when the time was
  /// up is one more look, with the share of the one that was not reached; more launches than planned
  /// are not looked at.
  package func looks(count: Int) -> [Look] {
    var reached = looks.filter { $0.count <= count }
    if let next = looks.first(where: { $0.count > count }), count > reached.last?.count ?? 0 {
      reached.append(Look(count: count, share: next.share))
    }
    return reached
  }

  /// The test without the looks at more launches than these.
  package func upTo(count: Int) -> StagedTest {
    StagedTest(looks: looks.filter { $0.count <= count })
  }

  /// How many times their spread (``LaunchRatio/spread(_:)``) ratios must be beyond a limit.
  package struct DetectableSpreads: Hashable, Sendable {
    /// For the test to find it with probability 0.95: the first stage sees it, and the second proves it
    /// at some look.
    package var proven: Double
    /// For the estimates of both stages to be beyond it with probability 0.95.
    package var seen: Double
  }

  /// What launches that scatter can tell.
  ///
  /// The spread is itself known from few launches. The factor is a quantile, over experiments with
  /// normal logarithms, of the shift that an experiment needs, relative to the spread that its first
  /// stage shows; 2,000 experiments, always the same. That of 96 %, since recorded launches have
  /// heavier tails than normal ones: with it replayed checks find what is promised with 0.95.
  /// - Parameters:
  ///   - firstCount: launches of the first stage, 3 at least.
  ///   - alpha: of the second stage, for one workload.
  package func detectableSpreads(firstCount: Int, alpha: Double) -> DetectableSpreads {
    let key = Setting(test: self, firstCount: firstCount, alpha: alpha)
    if let known = Self.known.withLock({ $0[key] }) { return known }
    var generator = SplitMix64(seed: 1)
    var (proven, seen): ([Double], [Double]) = ([], [])
    for _ in 0..<Self.experimentCount {
      let first = generator.normals(firstCount)
      let center = first.reduce(0, +) / Double(firstCount)
      let squares = first.reduce(0) { $0 + ($1 - center) * ($1 - center) }
      let spread = (squares / Double(firstCount - 1)).squareRoot()
      let second = generator.normals(looks.last?.count ?? 0)
      let proof = looks.compactMap { look in
        SignedRank.rank(count: look.count, alpha: look.share * alpha).map {
          Self.means(second[..<look.count])[$0 - 1]
        }
      }.max()
      let estimate = Self.estimate(first[...])
      proven.append(-min(estimate, proof ?? -.infinity) / max(spread, 1e-9))
      seen.append(-min(estimate, Self.estimate(second[...])) / max(spread, 1e-9))
    }
    func quantile(_ needs: [Double]) -> Double {
      max(0, needs.sorted()[Self.experimentCount * 96 / 100])
    }
    let spreads = DetectableSpreads(proven: quantile(proven), seen: quantile(seen))
    Self.known.withLock { $0[key] = spreads }
    return spreads
  }

  private static let experimentCount = 2000

  private struct Setting: Hashable {
    var test: StagedTest
    var firstCount: Int
    var alpha: Double
  }

  private static let known = Mutex<[Setting: DetectableSpreads]>([:])

  private static func estimate(_ values: ArraySlice<Double>) -> Double {
    let means = means(values)
    return means.isEmpty ? 0 : (means[(means.count - 1) / 2] + means[means.count / 2]) / 2
  }

  /// Means of two, each value with itself included, in rising order.
  private static func means(_ values: ArraySlice<Double>) -> [Double] {
    values.indices.flatMap { first in values[first...].map { (values[first] + $0) / 2 } }.sorted()
  }
}

extension SplitMix64 {
  /// Nearly normal, by sums of twelve: no function that differs between machines.
  fileprivate mutating func normals(_ count: Int) -> [Double] {
    (0..<count).map { _ in
      (0..<12).reduce(-6) { sum, _ in sum + Double(next() >> 11) * 0x1p-53 }
    }
  }
}
