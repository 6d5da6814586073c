import Results
import Statistics

/// Decides about recorded pairs: a pure function, so that any check can be decided again and rules can
/// be tried on resampled pairs.
///
/// The unit is a pair of launches, whose ratio is the median over pairs of neighbouring blocks. The
/// first stage only says what a second one has to look at: what looks slower than its margin, by a
/// change of time that matters, and what scatters so much that a slow-down would go unseen
/// (``GateVerdict/open``). The second one, pairs of fresh processes in reversed order, proves: a
/// workload is a regression only if the exact signed-rank test over its pairs, adjusted for all that
/// this stage measures, puts its ratio beyond the margin, while controls and sentinels are quiet, the
/// sides run different code on the same class of hosts, steadily and correctly.
package func judge(_ rows: [PairRow], policy: GatePolicy = GatePolicy()) -> GateVerdict {
  var judgement = Judgement(Campaign(rows, policy: policy), policy)
  return judgement.verdict()
}

struct Judgement {
  private let campaign: Campaign
  private let policy: GatePolicy
  private let controls: [ControlFinding]
  private var findings: [WorkloadKey: GateFinding] = [:]

  /// Workloads that the second stage is taken to measure, where it is not known yet.
  private static let plannedFamily = 2

  init(_ campaign: Campaign, _ policy: GatePolicy) {
    self.campaign = campaign
    self.policy = policy
    let share = policy.alpha / Double(max(campaign.controls.count, 1))
    controls = campaign.controls.flatMap {
      Self.control($0.role, $0.series, policy, alpha: share / 2)
    }
  }

  mutating func verdict() -> GateVerdict {
    for series in campaign.others { findings[series.key] = finding(without: series) }
    let proofs = secondStageProofs()
    for series in campaign.members {
      var finding = describe(series)
      let threshold = campaign.threshold(series.key, policy)
      finding.isSuspect =
        (finding.ratio ?? 1) > policy.limit(series.key) && series[1].change >= threshold
      if series[2].count > 0 {
        decide(&finding, series, isProven: proofs.contains(series.key))
      } else {
        decideFirst(&finding, series)
      }
      findings[series.key] = finding
    }
    let all = campaign.order.compactMap { findings[$0] }
    let (outcome, reason) = overall(all)
    return GateVerdict(outcome: outcome, reason: reason, findings: all, controls: controls)
  }

  // MARK: One workload

  private func finding(without series: PairSeries) -> GateFinding {
    var finding = describe(series)
    if let failure = series.failure {
      let isWrong = failure.status == .failed || failure.status == .mistrusted
      finding.outcome = isWrong ? .failed : .inconclusive
      finding.reason = "\(failure.status.rawValue): \(failure.reason)"
    } else {
      finding.outcome = .inconclusive
      finding.reason = "no pair has times of both sides"
    }
    if let reason = policy.muteReason(series.key), finding.outcome != .failed {
      finding.outcome = .muted
      finding.reason = reason
    }
    return finding
  }

  /// A finding with its numbers.
  private func describe(_ series: PairSeries) -> GateFinding {
    var finding = GateFinding(
      level: series.key.pass == .net ? .net : .layer, key: series.key,
      marginPercent: policy.marginPercent(series.key))
    let (first, second) = (series[1], series[2])
    finding.pairCount = first.count
    finding.ratio = first.launchRatio?.estimate
    finding.baseNanoseconds = first.baseNanoseconds
    finding.headNanoseconds = first.headNanoseconds
    finding.repeatedPairCount = second.count
    finding.repeatedRatio = second.launchRatio?.estimate
    let latest = second.count > 0 ? second : first
    finding.lower = latest.launchRatio?.lower(alpha: 0.025)
    finding.upper = latest.launchRatio?.upper(alpha: 0.025)
    finding.detectablePercent = detectableEffect(series.key, latest).map { 100 * $0 }
    finding.repro = series.repro
    return finding
  }

  /// The smallest slow-down that is found with probability 0.95: 0.08 = 8 %. Beyond the margin, as a
  /// smaller one is let pass.
  private func detectableEffect(_ key: WorkloadKey, _ times: TimePairs) -> Double? {
    guard let effect = provableEffect(key, times) else { return nil }
    guard let base = times.baseNanoseconds, let spread = times.spread else { return effect }
    // The change of time that must be seen varies with the base's time as well.
    let threshold = campaign.threshold(key, policy) / base
    let baseSpread = threshold / (1 + threshold) * (LaunchRatio.spread(times.base) ?? 0)
    let changeSpread = (spread * spread + baseSpread * baseSpread).squareRoot()
    return max(effect, (1 + threshold) * (1 + spreads(times).seen * changeSpread) - 1)
  }

  /// The same as far as only the ratio counts, not what it is in time.
  private func provableEffect(_ key: WorkloadKey, _ times: TimePairs) -> Double? {
    times.spread.map { policy.limit(key) * (1 + spreads(times).proven * $0) - 1 }
  }

  /// Why a slow-down that matters would go unseen, or nil. One that is too short in time does not
  /// matter.
  private func blindness(_ series: PairSeries, _ times: TimePairs) -> String? {
    guard let effect = provableEffect(series.key, times), let base = times.baseNanoseconds else {
      return "\(count(times.count, "pair")) tell too little of how much they scatter"
    }
    let limit = policy.blindMargins * policy.marginPercent(series.key) / 100
    guard effect > limit, limit * base >= campaign.threshold(series.key, policy) else { return nil }
    return "too noisy: a slow-down of less than \(Percent.text(100 * effect)) may go unseen"
  }

  /// What a check with as many pairs in its second stage as this one can tell.
  private func spreads(_ times: TimePairs) -> StagedTest.DetectableSpreads {
    policy.test.upTo(count: max(policy.plannedPairs, times.count)).detectableSpreads(
      firstCount: times.count, alpha: policy.alpha / Double(Self.plannedFamily))
  }

  /// By the first stage alone.
  private func decideFirst(_ finding: inout GateFinding, _ series: PairSeries) {
    if finding.isSuspect {
      (finding.outcome, finding.reason) =
        obstacle(slower(finding), series)
        ?? (.inconclusive, "\(slower(finding)), which was not measured a second time")
      finding.isOpen = finding.outcome == .inconclusive
    } else if let blindness = blindness(series, series[1]) {
      (finding.outcome, finding.reason) = (.inconclusive, blindness)
      finding.isOpen = true
    } else if isImprovement(series) {
      (finding.outcome, finding.reason) = (
        .improvement, Percent.signed(finding.changePercent ?? 0)
      )
    }
  }

  /// The mirror image of a suspicion, with nothing left of the margin in its interval; it need not be
  /// reproduced, since nothing fails by it.
  private func isImprovement(_ series: PairSeries) -> Bool {
    guard loudReason == nil, !campaign.isOnOtherHost, !series.isSameCode,
      let upper = series[1].launchRatio?.upper(alpha: 0.025)
    else { return false }
    return upper < 1 / policy.limit(series.key)
      && -series[1].change >= campaign.threshold(series.key, policy)
  }

  // MARK: The second stage

  /// Workloads whose ratio a look of the second stage puts beyond the margin.
  private func secondStageProofs() -> Set<WorkloadKey> {
    let measured = campaign.members.filter { $0[2].count > 0 }
    let looks = measured.map { policy.test.looks(count: $0[2].count) }
    var proven: Set<WorkloadKey> = []
    for index in 0..<(looks.map(\.count).max() ?? 0) {
      // Whatever was settled at an earlier look stays a member of the family.
      let adjusted = holm(
        zip(measured, looks).map { series, looks in
          guard index < looks.count else { return 1 }
          let ratios = series[2].ratios.prefix(looks[index].count)
          return LaunchRatio(Array(ratios))?.pValue(beyond: policy.limit(series.key)) ?? 1
        })
      for (member, value) in adjusted.enumerated()
      where index < looks[member].count && value <= policy.alpha * looks[member][index].share {
        proven.insert(measured[member].key)
      }
    }
    return proven
  }

  /// By the second stage.
  private func decide(_ finding: inout GateFinding, _ series: PairSeries, isProven: Bool) {
    let times = series[2]
    let repeated = finding.repeatedRatio ?? 1
    let again = "\(Percent.signed(100 * (repeated - 1))) in the second"
    let before =
      finding.isSuspect
      ? slower(finding)
      : "\(Percent.signed(finding.changePercent ?? 0)) in the first stage"
    let isChange = times.change >= campaign.threshold(series.key, policy)
    let isUnfinished = times.count < policy.test.looks.last?.count ?? 0
    if isProven, isChange {
      (finding.outcome, finding.reason) =
        obstacle(before, series)
        ?? (
          .regression,
          "\(Percent.signed(finding.changePercent ?? 0)); \(again), at least "
            + Percent.signed(100 * ((finding.lower ?? 1) - 1))
        )
    } else if repeated > policy.limit(series.key), isChange {
      (finding.outcome, finding.reason) =
        obstacle(before, series) ?? (.inconclusive, "\(before), \(again), which is no proof")
      finding.isOpen = finding.outcome == .inconclusive && isUnfinished
      finding.neededPairCount = neededPairs(times, toTell: repeated / policy.limit(series.key))
    } else if let blindness = blindness(series, times) {
      (finding.outcome, finding.reason) = (.inconclusive, blindness)
      finding.isOpen = isUnfinished
      finding.neededPairCount = neededPairs(
        times,
        toTell: (1 + policy.blindMargins * policy.marginPercent(series.key) / 100)
          / policy.limit(series.key))
    } else if finding.isSuspect {
      finding.reason = "\(before), \(again)"
    }
  }

  /// About how many pairs find a ratio so far beyond the margin; nil where no number does.
  private func neededPairs(_ times: TimePairs, toTell factor: Double) -> Int? {
    guard let spread = times.spread, factor > 1 else { return nil }
    // What finds it falls with the root of the number.
    let more = spreads(times).proven * spread / (factor - 1)
    let needed = Double(max(policy.plannedPairs, times.count)) * max(1, more * more)
    return needed < 10_000 ? Int(needed.rounded(.up)) : nil
  }

  private func slower(_ finding: GateFinding) -> String {
    "slower by \(Percent.text(finding.changePercent ?? 0)) in the first stage"
  }

  /// Why a difference need not come from the code, or proves nothing; nil when it does.
  /// - Parameter what: the difference in words.
  private func obstacle(_ what: String, _ series: PairSeries) -> (GateOutcome, String)? {
    if series.isSameCode { return (.environment, "\(what), but both sides run the same code") }
    if campaign.isOnOtherHost {
      return (.environment, "\(what), but the sides ran on different classes of hosts")
    }
    if let reason = loudReason { return (.environment, "\(what), but \(reason)") }
    return series.isSteady ? nil : (.inconclusive, "\(what), but not steady in most pairs")
  }

  // MARK: Controls

  /// Pairs without which a control says nothing.
  private static let leastControlPairs = 4

  private static func control(
    _ role: PairRole, _ series: PairSeries, _ policy: GatePolicy, alpha: Double
  ) -> [ControlFinding] {
    let limit = 1 + policy.controlMargins * policy.marginPercent / 100
    return series.times.keys.sorted().map { attempt in
      let times = series[attempt]
      var finding = ControlFinding(
        role: role, key: series.key, attempt: attempt, pairCount: times.count,
        ratio: times.launchRatio?.estimate, lower: nil, upper: nil, isQuiet: false)
      guard times.count >= leastControlPairs, let ratio = times.launchRatio else { return finding }
      let lower = ratio.lower(alpha: alpha) ?? ratio.outermost.lowerBound
      let upper = ratio.upper(alpha: alpha) ?? ratio.outermost.upperBound
      finding.isQuiet = lower <= limit && upper >= 1 / limit
      (finding.lower, finding.upper) = (lower, upper)
      return finding
    }
  }

  /// Why differences need not come from the code; nil when all is quiet.
  private var loudReason: String? {
    guard let loud = controls.first(where: { !$0.isQuiet }) else {
      return controls.isEmpty ? "there is no control beside it" : nil
    }
    let what =
      loud.role == .control
      ? "\(loud.key.backend) \(loud.key.layer) of the base beside itself"
      : "the sentinel '\(loud.key.layer)'"
    guard loud.lower != nil, let ratio = loud.ratio else {
      return "\(what) has too few pairs to tell"
    }
    return "\(what) differs by \(Percent.signed(100 * (ratio - 1)))"
  }

  // MARK: All in all

  private func overall(_ findings: [GateFinding]) -> (GateOutcome, String) {
    func count(_ outcome: GateOutcome) -> Int { findings.count { $0.outcome == outcome } }
    func sentence(_ outcome: GateOutcome, _ what: String) -> String {
      let number = count(outcome)
      return "\(number) \(number == 1 ? "workload" : "workloads") \(what)"
    }
    if count(.failed) > 0 { return (.failed, sentence(.failed, "without a right result")) }
    guard !campaign.members.isEmpty || count(.muted) > 0 else {
      return (.failed, "nothing was measured")
    }
    if count(.regression) > 0 { return (.regression, sentence(.regression, "slower")) }
    if let reason = loudReason, !controls.isEmpty {
      return (.environment, "the machine does not tell: \(reason)")
    }
    if count(.environment) > 0 {
      return (.environment, sentence(.environment, "slower, but not by the code"))
    }
    if count(.inconclusive) > 0 {
      return (.inconclusive, sentence(.inconclusive, "without a clear result"))
    }
    if count(.improvement) > 0 {
      return (.improvement, "nothing is slower; " + sentence(.improvement, "faster"))
    }
    return (.pass, "nothing is slower")
  }
}
