import Results
import Statistics

/// Compares backends with themselves: a row per workload that was measured under a second name,
/// `<name>@2` for the same instance or `<name>#2` for a copy.
package func calibrate(
  samples: [SampleRow], workloads: [WorkloadRow], hostClass: String
) -> [CalibrationRow] {
  let blocks = Dictionary(grouping: samples, by: \.key)
  let usable = Set(workloads.filter { $0.status == .ok }.map(\.key))
  return workloads.compactMap { workload in
    let copies = ["@2", "#2"].map { mark in
      var copy = workload.key
      copy.backend += mark
      return copy
    }
    guard usable.contains(workload.key), let copy = copies.first(where: usable.contains) else {
      return nil
    }
    let ratios = RoundTimes(blocks[workload.key] ?? [])
      .ratiosInTime(of: RoundTimes(blocks[copy] ?? [])).flatMap(\.self)
    var row = CalibrationRow()
    row.key = workload.key
    row.hostClass = hostClass
    row.roundCount = ratios.count
    guard let all = OrderStatistics(ratios), all.median > 0 else {
      row.detectableEffectReason = "no round has both copies"
      return row
    }
    row.medianRatio = medianRatio(ratios.map { (baseline: 1, contender: $0) })
    row.spreadPercent = 100 * all.medianAbsoluteDeviation / all.median
    if let ranks = SignInterval(count: all.count, confidence: CalibrationRule.confidence) {
      row.intervalLower = all.value(rank: ranks.lower)
      row.intervalUpper = all.value(rank: ranks.upper)
    }
    let windows = CalibrationRule.windows(ratios)
    row.windowCount = windows.count
    row.falseAlarmCount = windows.count(where: CalibrationRule.isAlarm)
    if let spread = RatioSpread(ratios),
      let design = DetectionDesign(count: ratios.count, confidence: CalibrationRule.confidence)
    {
      row.detectableEffectPercent = 100 * design.detectableEffect(spread)
    } else {
      row.detectableEffectReason = "\(ratios.count) rounds are too few"
    }
    return row
  }
}

/// When a comparison of a backend with itself is a false alarm.
enum CalibrationRule {
  static let confidence = 0.95
  /// Rounds of one comparison: as many as a quick gate has pairs.
  static let windowRounds = 12

  /// The ratios in order, in parts of equal length; fewer than make two are one.
  static func windows(_ ratios: [Double]) -> [[Double]] {
    let count = max(ratios.count / windowRounds, 1)
    let windows = (0..<count).map { part in
      Array(ratios[(ratios.count * part / count)..<(ratios.count * (part + 1) / count)])
    }
    return windows.filter { SignInterval(count: $0.count, confidence: confidence) != nil }
  }

  /// Whether the interval of the median ratio leaves 1 outside.
  static func isAlarm(_ ratios: [Double]) -> Bool {
    guard let all = OrderStatistics(ratios),
      let ranks = SignInterval(count: all.count, confidence: confidence)
    else { return false }
    return all.value(rank: ranks.lower) > 1 || all.value(rank: ranks.upper) < 1
  }
}
