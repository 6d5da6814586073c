import OrderedCollections
import Results
import Statistics

/// Rules of the comparison of two runs.
package enum RunComparisonRule {
  /// Two processes of one program place their memory and threads differently, which makes differences
  /// of some percent that no number of rounds evens out: 5 %.
  package static let margin = 0.05
  /// A layer's change is none below this share of the net's time, if the net was measured: 0.2 %.
  static let leastShareOfNet = 0.002

  /// The verdict of an interval of the ratio contender ∕ baseline.
  static func verdict(lower: Double, upper: Double, margin: Double) -> ComparisonVerdict {
    if lower > 1 + margin { return .slower }
    if upper * (1 + margin) < 1 { return .faster }
    return upper <= 1 + margin && lower * (1 + margin) >= 1 ? .equivalent : .inconclusive
  }
}

/// Each backend of one run against itself in another (`alexbench compare RUN RUN2`); the first run is
/// the baseline.
///
/// Rounds of two runs are not pairs: the ratio is that of two independent medians, with an interval
/// that holds whatever the distributions (``UnpairedRatio``), all intervals at once with 95 %
/// (Bonferroni). Across hosts a run's times are first divided, within each round, by those of one
/// backend of that run, and the medians of these ratios are compared in their stead.
package struct RunComparison: Sendable {
  package let baselineRun: String
  package let contenderRun: String
  /// The backend that times are divided by within each run; nil for absolute times.
  package let divisor: String?
  /// 0.05 = 5 %.
  package let margin: Double
  package let rows: [RunRatioRow]
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
    margin: Double = RunComparisonRule.margin
  ) throws(ReportingError) {
    baselineRun = baseline.environment.runID
    contenderRun = contender.environment.runID
    self.margin = margin
    differences = EnvironmentDifference.all(baseline.environment, contender.environment)
    let networks = Environment.otherNetworks(baseline.environment, contender.environment)
    guard networks.isEmpty else {
      throw .otherNetworks(
        baseline: baselineRun, contender: contenderRun, differences: networks)
    }
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
    rows = Self.rows(
      pairs, baselineRun: baselineRun, contenderRun: contenderRun, divisor: divisor,
      margin: margin)
    baselineWarnings = baseline.environment.warnings
    contenderWarnings = contender.environment.warnings
    var labels = handicapLabels(baseline.environment, baseline.workloads)
    labels += handicapLabels(contender.environment, contender.workloads).filter {
      !labels.contains($0)
    }
    if crossHost, !obstacles.isEmpty {
      labels.append(
        "absolute times of these runs are not comparable: " + obstacles.joined(separator: "; "))
    }
    warnings = labels
  }

  /// A row per pair, with all intervals at once.
  private static func rows(
    _ pairs: [RunSide.Pair], baselineRun: String, contenderRun: String, divisor: String?,
    margin: Double
  ) -> [RunRatioRow] {
    // Even a comparison that stands alone takes so many on each side.
    let least = UnpairedRatio.minimumCount(confidence: 1 - BackendComparisonRule.alpha)
    func isInFamily(_ pair: RunSide.Pair) -> Bool {
      pair.obstacle.isEmpty && pair.baseline.values.count >= least
        && pair.contender.values.count >= least
    }
    let family = pairs.count(where: isInFamily)
    let alpha = bonferroni(alpha: BackendComparisonRule.alpha, family: family)
    var designs: [Int: DetectionDesign?] = [:]
    func design(_ count: Int) -> DetectionDesign? {
      if let known = designs[count] { return known }
      let design = UnpairedRatio.design(count: count, confidence: 1 - alpha)
      designs[count] = design
      return design
    }
    return pairs.map { pair in
      let isOfHost = pair.baseline.scope == .host && pair.contender.scope == .host
      var row = RunRatioRow()
      row.key = pair.key
      row.key.runID = ""
      row.baselineRun = baselineRun
      row.contenderRun = contenderRun
      row.quantity = divisor == nil ? .time : .ratio
      row.scope = isOfHost ? .host : .process
      row.marginPercent = 100 * margin
      row.reason = pair.obstacle
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
      return row
    }
  }

  private static func decide(
    _ row: inout RunRatioRow, _ estimate: UnpairedRatio, alpha: Double, family: Int,
    pair: RunSide.Pair, margin: Double
  ) {
    row.ratio = estimate.ratio
    row.intervalLower = estimate.lower
    row.intervalUpper = estimate.upper
    row.correction = "bonferroni over \(family)"
    row.alpha = alpha
    row.detectableEffectPercent = 100 * ((1 + margin) * estimate.detectableFactor - 1)
    row.verdict = RunComparisonRule.verdict(
      lower: estimate.lower, upper: estimate.upper, margin: margin)
    let percent = NumberText.rate(100 * margin)
    if row.verdict == .inconclusive {
      row.reason = "the interval reaches beyond ±\(percent) % but is not wholly there"
    } else if row.verdict != .equivalent, row.quantity == .time, let net = pair.netMedian,
      let below = row.baselineMedian, let above = row.contenderMedian,
      abs(above - below) < RunComparisonRule.leastShareOfNet * net
    {
      row.verdict = .inconclusive
      row.reason =
        "the difference is less than "
        + "\(NumberText.rate(100 * RunComparisonRule.leastShareOfNet)) % of the net's time"
    }
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

extension RunComparison {
  /// The text of `compare-runs.csv`.
  package func csv() -> String { Schema.compareRuns.text(rows) }

  /// The rows and the differences of the runs as JSON.
  package func json() -> String {
    func optional(_ text: String?) -> String { text.map(JSONText.string) ?? "null" }
    return JSONText.object([
      ("baseline_run", JSONText.string(baselineRun)),
      ("contender_run", JSONText.string(contenderRun)),
      ("divisor", optional(divisor)),
      ("warnings", JSONText.array(warnings.map(JSONText.string))),
      (
        "environment_differences",
        JSONText.array(
          differences.map {
            "{\"field\": \(JSONText.string($0.field)), \"baseline\": \(optional($0.baseline)), "
              + "\"contender\": \(optional($0.contender))}"
          })
      ),
      ("only_in_baseline", String(onlyInBaseline)),
      ("only_in_contender", String(onlyInContender)),
      ("rows", JSONText.rows(rows, Schema.compareRuns)),
    ]) + "\n"
  }

  /// Differences of the hosts and a table per network, batch, threads and pass, for a terminal.
  package func terminal() -> String {
    var text = title + "\n" + warnings.map { wrapped("warning: ", $0) }.joined() + "\n"
    text += differencesHeader + "\n"
    for difference in differences { text += wrapped("  ", Self.sentence(difference)) }
    for (title, rows) in groups {
      var notes = Footnotes()
      let grid = grid(rows, &notes)
      text += "\n\(title)\n" + grid.terminal(isBold: false) + notes.text()
    }
    return text + "\n" + (conclusion + explanation).map { wrapped("", $0) }.joined()
  }

  /// Markdown for a page or a pull request.
  package func markdown() -> String {
    var text = "## \(markdownText(title))\n\n"
    text += (conclusion + warnings).map { "> \(markdownText($0))\n\n" }.joined()
    text += markdownText(differencesHeader) + "\n\n"
    if !differences.isEmpty {
      text += differences.map { "- \(markdownText(Self.sentence($0)))\n" }.joined() + "\n"
    }
    for (title, rows) in groups {
      var notes = Footnotes()
      let grid = grid(rows, &notes)
      text += "### \(markdownText(title))\n\n" + grid.markdown() + "\n"
      let lines = notes.texts.enumerated().map { "- [\($0 + 1)] \(markdownText($1))\n" }
      if !lines.isEmpty { text += lines.joined() + "\n" }
    }
    return text + explanation.map { "\($0)\n" }.joined()
  }

  /// Rows whose interval tells a difference.
  package var changed: [RunRatioRow] {
    rows.filter { $0.verdict == .faster || $0.verdict == .slower }
  }

  private var title: String {
    "run \(contenderRun) against run \(baselineRun)"
      + (divisor.map { ", ratios to \($0) within each" } ?? "")
  }

  private var differencesHeader: String {
    differences.isEmpty
      ? "The environments do not differ."
      : "\(differences.count) \(differences.count == 1 ? "field" : "fields") of environment.json "
        + "\(differences.count == 1 ? "differs" : "differ"):"
  }

  private static func sentence(_ difference: EnvironmentDifference) -> String {
    func text(_ value: String?) -> String {
      guard let value else { return "absent" }
      return value.count > 60 ? "'\(value.prefix(60))…'" : "'\(value)'"
    }
    return "\(difference.field): \(text(difference.baseline)) -> \(text(difference.contender))"
  }

  private var conclusion: [String] {
    let changed = changed
    let decided = rows.count { $0.verdict != .notComparable }
    var lines: [String] = []
    if decided == 0 {
      lines.append(
        "no comparison has an interval; the notes say why, and 'alexbench power' how many rounds it "
          + "takes"
      )
    } else if changed.isEmpty {
      lines.append("no difference in \(decided) comparisons with an interval")
    } else {
      let names = changed.prefix(Self.namedAtMost).map {
        "\($0.key.backend) \($0.key.layer)\(Self.where($0.key)) is \($0.verdict.rawValue) "
          + "(× \(NumberText.ratio($0.ratio ?? .nan)))"
      }
      let more = changed.count - names.count
      lines.append(
        "\(changed.count) of \(decided) comparisons with an interval \(changed.count == 1 ? "differs" : "differ"): "
          + names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : ""))
    }
    let alone = [(onlyInBaseline, baselineRun), (onlyInContender, contenderRun)]
      .filter { $0.0 > 0 }.map { "\($0.0) rows are in run \($0.1) only" }
    return lines + alone
  }

  private static let namedAtMost = 10

  private static func `where`(_ key: WorkloadKey) -> String {
    switch key.pass {
    case .isolated, .net: ""
    case .inNet: key.kind == StageTimes.kind ? " (stage in the net)" : " (in the net)"
    }
  }

  private var explanation: [String] {
    [
      "ratio: of the second run's median to the first's, below 1 is faster; interval: exact, all at "
        + "once with 95 %; factors up to \(NumberText.rate(100 * margin)) % count as no difference, "
        + "since two processes differ by some percent whatever they run; MDE: the least difference "
        + "that would have been told."
    ]
  }

  private var groups: OrderedDictionary<String, [RunRatioRow]> {
    OrderedDictionary(grouping: rows) {
      "\(GroupKey($0.key).title), \(BackendComparison.passName($0.key))"
    }
  }

  private func grid(_ rows: [RunRatioRow], _ notes: inout Footnotes) -> Grid {
    let libraries = [LibraryNotes(baselineWarnings), LibraryNotes(contenderWarnings)]
    let hasISAs =
      Set(rows.map { [$0.key.backend, $0.key.isa] }).count > Set(rows.map(\.key.backend)).count
    let unit = divisor == nil ? "ms" : "ratio"
    var grid = Grid(
      header: [
        [
          "layer", "backend", "first \(unit)", "second \(unit)", "ratio", "interval", "verdict",
          "MDE",
        ]
      ], rows: [])
    grid.leftAligned = [0, 1, 5, 6]
    var layer = ""
    for row in rows {
      var name = hasISAs ? "\(row.key.backend) (\(row.key.isa))" : row.key.backend
      for (side, run) in zip(libraries, ["first", "second"]) {
        for text in side.texts(of: row.key.backend) { name += notes.mark("\(run) run: \(text)") }
      }
      if row.contenderISA != row.key.isa {
        name += notes.mark(
          "ran \(row.key.isa) in the first run and \(row.contenderISA) in the second")
      }
      let isPlain = row.verdict == .faster || row.verdict == .slower || row.verdict == .equivalent
      grid.rows.append([
        Grid.Cell([row.key.layer == layer ? "" : row.key.layer]), Grid.Cell([name]),
        Grid.Cell([value(row.baselineMedian)]), Grid.Cell([value(row.contenderMedian)]),
        Grid.Cell([row.ratio.map(NumberText.ratio) ?? ""]),
        Grid.Cell([BackendComparison.interval(row.intervalLower, row.intervalUpper)]),
        Grid.Cell([row.verdict.rawValue + (isPlain ? "" : notes.mark(row.reason))]),
        Grid.Cell([row.detectableEffectPercent.map { "\(NumberText.rate($0)) %" } ?? ""]),
      ])
      layer = row.key.layer
    }
    return grid
  }

  private func value(_ value: Double?) -> String {
    guard let value else { return "" }
    return divisor == nil ? NumberText.milliseconds(value) : NumberText.ratio(value)
  }
}
