import Results

/// What recorded pairs say about a change of the code.
package struct GateVerdict: Hashable, Sendable {
  package var outcome: GateOutcome
  /// One sentence.
  package var reason: String
  /// Every gated workload, in the order of the pairs.
  package var findings: [GateFinding]
  package var controls: [ControlFinding]

  package init(
    outcome: GateOutcome, reason: String, findings: [GateFinding], controls: [ControlFinding]
  ) {
    self.outcome = outcome
    self.reason = reason
    self.findings = findings
    self.controls = controls
  }

  /// What more pairs of the second stage are for: workloads that look slower, or whose pairs scatter
  /// so much that a slow-down would go unseen.
  package var open: [GateFinding] { findings.filter(\.isOpen) }

  /// What failed the check, the most harm first.
  package var regressions: [GateFinding] { ranked(.regression) }

  /// The findings of an outcome, the largest change of time first.
  func ranked(_ outcome: GateOutcome) -> [GateFinding] {
    findings.filter { $0.outcome == outcome }.enumerated().sorted { a, b in
      (abs(b.element.change), a.offset) < (abs(a.element.change), b.offset)
    }.map(\.element)
  }
}

/// Outcome of a check, or of one workload in it.
package enum GateOutcome: String, Sendable, CaseIterable, Codable {
  case pass, regression, improvement
  /// Something differs, but it need not be the code.
  case environment
  /// Too noisy, too few pairs, or not reproduced.
  case inconclusive
  /// Wrong results, or none.
  case failed
  /// Exempt, because the user asked for it.
  case muted
}

/// What is said about one workload.
package struct GateFinding: Hashable, Sendable {
  package enum Level: String, Sendable { case net, layer }

  package var level: Level
  package var key: WorkloadKey
  package var outcome = GateOutcome.pass
  /// Why the outcome is not `pass`.
  package var reason = ""
  package var pairCount = 0
  /// Time of the head relative to the base; nil without pairs.
  package var ratio: Double?
  /// Its exact interval of 95 %, by the second stage where there is one; nil with too few pairs.
  package var lower: Double?
  package var upper: Double?
  /// Per call, lower medians.
  package var baseNanoseconds: Double?
  package var headNanoseconds: Double?
  package var marginPercent: Double
  /// The smallest slow-down that is found with probability 0.95.
  package var detectablePercent: Double?
  /// It looks slower in the first stage.
  package var isSuspect = false
  /// More pairs of the second stage would help.
  package var isOpen = false
  /// Pairs of the second stage that would probably be enough.
  package var neededPairCount: Int?
  /// What the second stage found.
  package var repeatedRatio: Double?
  package var repeatedPairCount = 0
  /// The command that measures it alone.
  package var repro = ""

  package init(level: Level, key: WorkloadKey, marginPercent: Double) {
    self.level = level
    self.key = key
    self.marginPercent = marginPercent
  }

  /// Nanoseconds per call that the head takes longer.
  var change: Double { (headNanoseconds ?? 0) - (baseNanoseconds ?? 0) }

  /// For example `alexnet conv3, simd avx512, batch 1, 1 thread`.
  package var name: String {
    "\(key.network) \(key.layer), \(key.backend) \(key.isa), batch \(key.batch), "
      + count(key.threads, "thread")
  }

  /// Percent that the head takes longer.
  package var changePercent: Double? { ratio.map { 100 * ($0 - 1) } }
}

/// What is said about a comparison in which nothing should differ.
package struct ControlFinding: Hashable, Sendable {
  package var role: PairRole
  package var key: WorkloadKey
  package var attempt: Int
  package var pairCount: Int
  package var ratio: Double?
  package var lower: Double?
  package var upper: Double?
  /// Nothing differs as far as can be seen.
  package var isQuiet: Bool

  package init(
    role: PairRole, key: WorkloadKey, attempt: Int, pairCount: Int, ratio: Double?, lower: Double?,
    upper: Double?, isQuiet: Bool
  ) {
    self.role = role
    self.key = key
    self.attempt = attempt
    self.pairCount = pairCount
    self.ratio = ratio
    self.lower = lower
    self.upper = upper
    self.isQuiet = isQuiet
  }
}
