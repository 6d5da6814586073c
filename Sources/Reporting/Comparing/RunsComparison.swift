import Results
import Statistics

/// Rules of the comparison of two runs.
package enum RunsCompareRule {
  /// Two processes of one program place their memory and threads differently, which makes differences
  /// of some percent that no number of rounds evens out: 5 %.
  package static let margin = 0.05
  /// A layer's change is none below this share of the net's time, if the net was measured: 0.2 %.
  static let leastShareOfNet = 0.002

  /// The verdict of an interval of the ratio contender ∕ baseline.
  static func verdict(lower: Double, upper: Double, margin: Double) -> CompareVerdict {
    if lower > 1 + margin { return .slower }
    if upper * (1 + margin) < 1 { return .faster }
    return upper <= 1 + margin && lower * (1 + margin) >= 1 ? .equivalent : .inconclusive
  }
}

/// The same backends in two runs (`alexbench compare RUN RUN2`), the first being the baseline.
///
/// Rounds of two runs are not pairs: the ratio is that of two independent medians, with an interval
/// that holds whatever the distributions (``UnpairedRatio``), all intervals at once with 95 %
/// (Bonferroni). Across hosts a run's times are first divided, within each round, by those of one
/// backend of that run, and the medians of these ratios are compared in their stead.
package struct RunsComparison: Sendable {
  package let baselineRun: String
  package let contenderRun: String
  /// The backend that times are divided by within each run; nil for absolute times.
  package let divisor: String?
  /// 0.05 = 5 %.
  package let margin: Double
  package let rows: [RunsCompareRow]
  /// Fields of `environment.json` in which the runs differ.
  package let differences: [EnvironmentDifference]
  /// What a reader must know of both, one sentence each.
  package let warnings: [String]
  /// Workloads that only one run has.
  package let onlyInBaseline: Int
  package let onlyInContender: Int
  let baselineWarnings: [String]
  let contenderWarnings: [String]

  /// - Parameters:
  ///   - baseline: what `contender` is compared with.
  ///   - crossHost: compares ratios within each run, which different machines have in common.
  ///   - base: the backend of these ratios; nil = that of the baseline's `compare.csv`.
  ///   - margin: above 0.
  /// - Throws: when absolute times are not comparable, the runs have nothing in common, or a run has
  ///   no times of the base.
  package init(
    _ baseline: RunFiles, _ contender: RunFiles, crossHost: Bool = false, base: String? = nil,
    margin: Double = RunsCompareRule.margin
  ) throws(ReportingError) {
    baselineRun = baseline.environment.runID
    contenderRun = contender.environment.runID
    self.margin = margin
    differences = EnvironmentDifference.all(baseline.environment, contender.environment)
    let obstacles = HostObstacles.all(baseline.environment, contender.environment)
    if !crossHost, !obstacles.isEmpty {
      throw .notComparable(
        baseline: baselineRun, contender: contenderRun, differences: obstacles)
    }
    divisor =
      crossHost ? try Self.commonBase(baseline, contender, asked: base) : nil
    var sides = [RunSide(baseline), RunSide(contender)]
    if let divisor { sides = sides.map { $0.divided(by: divisor) } }
    let left = sides[0]
    let right = sides[1]
    let pairs = left.pairs(with: right)
    guard !pairs.isEmpty else {
      throw .nothingInCommon(
        baseline: baselineRun, contender: contenderRun,
        reason: "have no backend and workload in common")
    }
    onlyInBaseline = left.rows.count - pairs.count
    onlyInContender = right.rows.count - pairs.count
    rows =
      RunsCompareRows(
        pairs: pairs, baselineRun: baselineRun, contenderRun: contenderRun, divisor: divisor,
        margin: margin
      ).rows
    baselineWarnings = baseline.environment.warnings
    contenderWarnings = contender.environment.warnings
    var labels = handicapLabels(baseline)
    labels += handicapLabels(contender).filter { !labels.contains($0) }
    if crossHost, !obstacles.isEmpty {
      labels.append(
        "absolute times of these runs are not comparable: " + obstacles.joined(separator: "; "))
    }
    warnings = labels
  }

  private static func commonBase(
    _ baseline: RunFiles, _ contender: RunFiles, asked: String?
  ) throws(ReportingError) -> String {
    let name = asked ?? baselineBackend(baseline.workloads) ?? ""
    for files in [baseline, contender] {
      let measured = measuredBackends(files.workloads)
      guard measured.contains(name) else {
        throw .unknownBase(name: name, run: files.environment.runID, known: measured)
      }
    }
    return name
  }
}

/// Why absolute times of two runs cannot stand beside each other.
enum HostObstacles {
  /// One per field, as in `environment.json`.
  static func all(_ baseline: Environment, _ contender: Environment) -> [String] {
    let left = baseline.host
    let right = contender.host
    var found: [String] = []
    func compare<Value: Equatable>(
      _ field: String, _ a: Value, _ b: Value, _ text: (Value) -> String
    ) {
      if a != b { found.append("\(field) was '\(text(a))', is '\(text(b))'") }
    }
    compare("host.host_class", left.hostClass, right.hostClass, { $0 })
    compare("host.cpu.brand", left.cpu.brand ?? "", right.cpu.brand ?? "", { $0 })
    compare("host.cpu_quota", left.cpuQuota, right.cpuQuota, { $0.map { String($0) } ?? "none" })
    compare(
      "the number of CPUs in host.affinity", left.affinity.count, right.affinity.count,
      { String($0) })
    compare("host.ftz", left.flushesDenormalsToZero, right.flushesDenormalsToZero, { String($0) })
    compare("host.daz", left.readsDenormalsAsZero, right.readsDenormalsAsZero, { String($0) })
    compare(
      "build.configuration", baseline.build.configuration, contender.build.configuration, { $0 })
    return found
  }
}
