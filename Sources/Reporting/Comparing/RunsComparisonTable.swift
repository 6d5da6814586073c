import OrderedCollections
import Results

extension RunsComparison {
  /// The text of `compare-runs.csv`.
  package func csv() -> String { Schema.runsCompare.text(rows) }

  /// The same rows and the differences of the runs as JSON.
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
      ("rows", JSONText.rows(rows, Schema.runsCompare)),
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

  /// The same for a page or a pull request.
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
  package var changed: [RunsCompareRow] {
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

  private var groups: OrderedDictionary<String, [RunsCompareRow]> {
    OrderedDictionary(grouping: rows) {
      "\(GroupKey($0.key).title), \(RunComparison.passName($0.key))"
    }
  }

  private func grid(_ rows: [RunsCompareRow], _ notes: inout Footnotes) -> Grid {
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
        Grid.Cell([RunComparison.interval(row.intervalLower, row.intervalUpper)]),
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
