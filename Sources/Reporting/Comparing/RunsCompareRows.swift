import Results
import Statistics

/// Makes the rows of a comparison of two runs.
struct RunsCompareRows {
  private(set) var rows: [RunsCompareRow] = []

  init(
    pairs: [RunSide.Pair], baselineRun: String, contenderRun: String, divisor: String?,
    margin: Double
  ) {
    // Even a comparison that stands alone takes so many on each side.
    let least = UnpairedRatio.minimumCount(confidence: 1 - CompareRule.alpha)
    func isInFamily(_ pair: RunSide.Pair) -> Bool {
      pair.obstacle.isEmpty && pair.baseline.values.count >= least
        && pair.contender.values.count >= least
    }
    let family = pairs.count(where: isInFamily)
    let alpha = bonferroni(alpha: CompareRule.alpha, family: family)
    var designs: [Int: DetectionDesign?] = [:]
    func design(_ count: Int) -> DetectionDesign? {
      if let known = designs[count] { return known }
      let design = UnpairedRatio.design(count: count, confidence: 1 - alpha)
      designs[count] = design
      return design
    }
    for pair in pairs {
      let isOfHost = pair.baseline.scope == .host && pair.contender.scope == .host
      var row = RunsCompareRow(
        key: pair.key, baselineRun: baselineRun, contenderRun: contenderRun,
        quantity: divisor == nil ? .time : .ratio, scope: isOfHost ? .host : .process,
        marginPercent: 100 * margin, verdict: .notComparable, reason: pair.obstacle)
      row.divisor = divisor ?? ""
      row.contenderISA = pair.contenderISA
      row.baselineCount = pair.baseline.values.count
      row.contenderCount = pair.contender.values.count
      row.baselineMedian = medianRatio(of: pair.baseline.values)
      row.contenderMedian = medianRatio(of: pair.contender.values)
      if let below = row.baselineMedian, let above = row.contenderMedian, below > 0 {
        row.ratio = above / below
      }
      if pair.obstacle.isEmpty, row.baselineCount == 0 || row.contenderCount == 0 {
        row.reason = "a side has no times"
      } else if pair.obstacle.isEmpty {
        let estimate = UnpairedRatio(
          baseline: pair.baseline.values, contender: pair.contender.values,
          baselineDesign: isInFamily(pair) ? design(row.baselineCount) : nil,
          contenderDesign: isInFamily(pair) ? design(row.contenderCount) : nil)
        if let estimate {
          decide(&row, estimate, alpha: alpha, family: family, pair: pair, margin: margin)
        } else {
          let needed =
            isInFamily(pair) ? UnpairedRatio.minimumCount(confidence: 1 - alpha) : least
          row.reason =
            "\(row.baselineCount) and \(row.contenderCount) \(isOfHost ? "launches" : "rounds"), "
            + "an interval takes \(needed) on each side"
        }
      }
      rows.append(row)
    }
  }

  private func decide(
    _ row: inout RunsCompareRow, _ estimate: UnpairedRatio, alpha: Double, family: Int,
    pair: RunSide.Pair, margin: Double
  ) {
    row.ratio = estimate.ratio
    row.intervalLower = estimate.lower
    row.intervalUpper = estimate.upper
    row.correction = "bonferroni over \(family)"
    row.alpha = alpha
    row.detectableEffectPercent = 100 * ((1 + margin) * estimate.detectableFactor - 1)
    row.verdict = RunsCompareRule.verdict(
      lower: estimate.lower, upper: estimate.upper, margin: margin)
    let percent = NumberText.rate(100 * margin)
    if row.verdict == .inconclusive {
      row.reason = "the interval reaches beyond ±\(percent) % but is not wholly there"
    } else if row.verdict != .equivalent, row.quantity == .time, let net = pair.netMedian,
      let below = row.baselineMedian, let above = row.contenderMedian,
      abs(above - below) < RunsCompareRule.leastShareOfNet * net
    {
      row.verdict = .inconclusive
      row.reason =
        "the difference is less than "
        + "\(NumberText.rate(100 * RunsCompareRule.leastShareOfNet)) % of the net's time"
    }
  }
}
