import Results
import Statistics

/// Decides about recorded pairs: a pure function, so that any check can be decided again and rules can
/// be tried on resampled pairs.
///
/// A workload is a regression only if all hold: it looks slower in the first stage (``Screening``: the
/// lower bound of its ratio, corrected for the family, beyond the margin, and a change of time that
/// matters), pairs of fresh processes in reversed order reproduce it, controls and sentinels are
/// quiet, the sides run different code on the same class of hosts, steadily and correctly. Without
/// pairs of a second stage suspects are ``GateOutcome/inconclusive``, and
/// ``GateVerdict/suspects`` says what to measure again.
package func judge(_ rows: [PairRow], policy: GatePolicy = GatePolicy()) -> GateVerdict {
  var judgement = Judgement(Campaign(rows, policy: policy), policy)
  return judgement.verdict()
}

struct Judgement {
  private let campaign: Campaign
  private let policy: GatePolicy
  private let screening: Screening
  private let controls: [ControlFinding]
  private var findings: [WorkloadKey: GateFinding] = [:]

  init(_ campaign: Campaign, _ policy: GatePolicy) {
    self.campaign = campaign
    self.policy = policy
    screening = Screening(campaign, policy: policy)
    let share = policy.alpha / Double(max(campaign.controls.count, 1))
    controls = campaign.controls.flatMap {
      Self.control($0.role, $0.series, policy, confidence: 1 - share)
    }
  }

  mutating func verdict() -> GateVerdict {
    for series in campaign.others { findings[series.key] = finding(without: series) }
    var designs: [Int: DetectionDesign] = [:]
    let share = policy.alpha / Double(max(campaign.members.count, 1))
    for (index, member) in campaign.members.enumerated() {
      let count = member.times(attempt: 1).count
      let design = designs[count] ?? DetectionDesign(count: count, confidence: 1 - 2 * share)
      designs[count] = design
      let confidence =
        screening.isFlagged[index]
        ? 1 - 2 * policy.alpha / Double(member.parts.count) : 1 - 2 * share
      for part in member.parts {
        findings[part.key] = describe(
          member.level == .net ? .net : .layer, part.key, part[1], part, design: design,
          confidence: confidence)
      }
      markBlind(member, design)
    }
    let stages = decideSuspects()
    markImprovements()
    let all = campaign.order.compactMap { findings[$0] } + stages
    let (outcome, reason) = overall(all)
    return GateVerdict(outcome: outcome, reason: reason, findings: all, controls: controls)
  }

  // MARK: One workload

  private func finding(without series: PairSeries) -> GateFinding {
    let level: GateFinding.Level = series.key.pass == .net ? .net : .layer
    var finding = describe(level, series.key, series[1], series, design: nil, confidence: nil)
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
  private func describe(
    _ level: GateFinding.Level, _ key: WorkloadKey, _ times: TimePairs, _ series: PairSeries,
    design: DetectionDesign?, confidence: Double?
  ) -> GateFinding {
    var finding = GateFinding(
      level: level, key: key, marginPercent: policy.marginPercent(key))
    let ratios = times.ratios
    finding.pairCount = times.count
    finding.ratio = medianRatio(of: ratios)
    finding.baseNanoseconds = OrderStatistics(times.base)?.median
    finding.headNanoseconds = OrderStatistics(times.head)?.median
    finding.repro = series.repro
    if let confidence, let estimate = RatioEstimate(ratios, confidence: max(0, confidence)) {
      finding.lower = estimate.lower
      finding.upper = estimate.upper
    }
    if let design, let spread = RatioSpread(ratios) {
      finding.detectablePercent = 100 * design.detectableEffect(spread)
    }
    return finding
  }

  /// A net or stage whose pairs scatter so much that a large slow-down would go unseen. It is said of
  /// the layer that takes most of the stage's time.
  private mutating func markBlind(_ member: Campaign.Member, _ design: DetectionDesign?) {
    let times = member.times(attempt: 1)
    let base = OrderStatistics(times.base)?.median ?? 0
    let main = member.parts.max { a, b in
      (findings[a.key]?.baseNanoseconds ?? 0) < (findings[b.key]?.baseNanoseconds ?? 0)
    }
    guard let key = main?.key else { return }
    guard let design, let spread = RatioSpread(times.ratios) else {
      findings[key]?.outcome = .inconclusive
      findings[key]?.reason =
        "\(times.count) pairs are too few for \(campaign.members.count) nets and stages"
      return
    }
    let effect = design.detectableEffect(spread)
    let limit = policy.blindMargins * (Screening.limit(member, policy) - 1)
    guard effect > limit, effect * base >= campaign.threshold(member.setting, policy) else {
      return
    }
    findings[key]?.outcome = .inconclusive
    findings[key]?.reason =
      "too noisy: a slow-down of less than \(Percent.text(100 * effect)) may go unseen"
  }

  // MARK: Suspects

  /// Decides about all that looks slower in the first stage.
  /// - Returns: findings of stages.
  private mutating func decideSuspects() -> [GateFinding] {
    let suspects = screening.suspects
    let repeated = suspects.map { suspect -> TimePairs in
      let member = campaign.members[suspect.member]
      return suspect.part.map { member.parts[$0][2] } ?? member.times(attempt: 2)
    }
    let limits = suspects.map { suspect -> Double in
      let member = campaign.members[suspect.member]
      return suspect.part.map { policy.limit(member.parts[$0].key) }
        ?? Screening.limit(member, policy)
    }
    // What was not measured again is no member of this family.
    let measured = suspects.indices.filter { repeated[$0].count > 0 }
    let adjusted = holm(measured.map { repeated[$0].pValue(beyond: limits[$0]) })
    let reproduced = Dictionary(uniqueKeysWithValues: zip(measured, adjusted))
    var stages: [GateFinding] = []
    for (place, suspect) in suspects.enumerated() {
      let member = campaign.members[suspect.member]
      let series = suspect.part.map { member.parts[$0] } ?? member.parts[0]
      let isStage = suspect.part == nil && member.level == .stage
      var finding =
        isStage
        ? describe(
          .stage, member.key, member.times(attempt: 1), series, design: nil,
          confidence: 1 - 2 * policy.alpha / Double(campaign.members.count))
        : findings[series.key]!
      finding.isSuspect = true
      finding.repeatedPairCount = repeated[place].count
      finding.repeatedRatio = medianRatio(of: repeated[place].ratios)
      let isChange =
        repeated[place].medianChange >= campaign.threshold(member.setting, policy)
      (finding.outcome, finding.reason) = decide(
        finding,
        isSame: suspect.part == nil
          ? member.parts.allSatisfy(\.isSameCode) : series.isSameCode,
        isSteady: series.unsteadyCount * 2 <= series[1].count,
        isReproduced: (reproduced[place] ?? 1) <= policy.alpha && isChange, limit: limits[place])
      if isStage { stages.append(finding) } else { findings[series.key] = finding }
    }
    return stages
  }

  private func decide(
    _ finding: GateFinding, isSame: Bool, isSteady: Bool, isReproduced: Bool, limit: Double
  ) -> (GateOutcome, String) {
    let slower = "slower by \(Percent.text(finding.changePercent ?? 0)) in the first stage"
    if isSame { return (.environment, "\(slower), but both sides run the same code") }
    if campaign.isOnOtherHost {
      return (.environment, "\(slower), but the sides ran on different classes of hosts")
    }
    if let reason = loudReason { return (.environment, "\(slower), but \(reason)") }
    guard isSteady else {
      return (.inconclusive, "\(slower), but not steady in most pairs")
    }
    guard finding.repeatedPairCount > 0, let repeated = finding.repeatedRatio else {
      return (.inconclusive, "\(slower), which was not measured a second time")
    }
    let again = "\(Percent.signed(100 * (repeated - 1))) in the second"
    guard isReproduced else {
      return repeated <= limit
        ? (.pass, "\(slower), \(again)")
        : (.inconclusive, "\(slower), \(again), which is no proof")
    }
    return (
      .regression,
      "\(Percent.signed(finding.changePercent ?? 0)), at least "
        + "\(Percent.signed(100 * ((finding.lower ?? 1) - 1))); \(again)"
    )
  }

  /// The mirror image of a suspicion; it need not be reproduced, since nothing fails by it.
  private mutating func markImprovements() {
    guard loudReason == nil, !campaign.isOnOtherHost else { return }
    for suspect in Screening(campaign, policy: policy, \.swapped).suspects {
      let member = campaign.members[suspect.member]
      guard suspect.part != nil || member.level == .net else { continue }
      let series = member.parts[suspect.part ?? 0]
      guard !series.isSameCode, let finding = findings[series.key] else { continue }
      findings[series.key]?.outcome = .improvement
      findings[series.key]?.reason = Percent.signed(finding.changePercent ?? 0)
    }
  }

  // MARK: Controls

  private static func control(
    _ role: PairRole, _ series: PairSeries, _ policy: GatePolicy, confidence: Double
  ) -> [ControlFinding] {
    let limit = 1 + policy.controlMargins * policy.marginPercent / 100
    return series.times.keys.sorted().map { attempt in
      let ratios = series[attempt].ratios
      let estimate = RatioEstimate(ratios, confidence: confidence)
      return ControlFinding(
        role: role, key: series.key, attempt: attempt, pairCount: ratios.count,
        ratio: medianRatio(of: ratios), lower: estimate?.lower, upper: estimate?.upper,
        isQuiet: estimate.map { $0.lower <= limit && $0.upper >= 1 / limit } ?? false)
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
