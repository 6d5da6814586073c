import OrderedCollections
import Results

/// The backends of one run against one of them (`alexbench compare RUN`).
package struct BackendComparison: Sendable {
  package let runID: String
  /// The backend that all others are held against; empty when nothing was timed.
  package let base: String
  /// Whether ``base`` is another one than asked for, or than usual.
  package let baseNotice: String?
  package let rows: [BackendRatioRow]
  package let winners: [Winner]
  /// What a reader must know, from `environment.json`.
  package let warnings: [String]
  let handicaps: [String]
  /// Rows that are less precise than float32, as if they were the fastest.
  let lessPrecise: Set<Winner>
  private let rule: ComparisonRule

  /// - Parameter base: nil = the one of `compare.csv`.
  /// - Throws: when the run has no times of the base asked for.
  package init(_ files: RunFiles, base: String? = nil) throws(ReportingError) {
    let measured = measuredBackends(files.workloads)
    if let base, !measured.contains(base) {
      throw .unknownBase(name: base, run: files.environment.runID, known: measured)
    }
    self.init(
      samples: files.samples, workloads: files.workloads, environment: files.environment, base: base
    )
  }

  /// - Parameter base: one that has times; nil = the one of `compare.csv`.
  package init(
    samples: [SampleRow], workloads: [WorkloadRow], environment: Environment, base: String? = nil
  ) {
    runID = environment.runID
    self.base = base ?? baselineBackend(workloads) ?? ""
    baseNotice =
      base == nil && self.base != BackendComparisonRule.preferredBaseline && !self.base.isEmpty
      ? "the run has no times of \(BackendComparisonRule.preferredBaseline); the base is \(self.base), the "
        + "first backend with times" : nil
    rule = ComparisonRule(environment)
    rows = compare(samples: samples, workloads: workloads, base: base, rule: rule)
    winners =
      rule == .ofRun
      ? Winner.all(in: rows) : Winner.all(samples: samples, workloads: workloads)
    lessPrecise = Set(
      workloads.filter { $0.facts.precision != .single }.map { Winner(of: $0.key) })
    warnings = environment.warnings
    handicaps = handicapLabels(environment, workloads)
  }

  /// The text of `compare.csv` with this base.
  package func csv() -> String { Schema.compare.text(rows) }

  /// The rows as JSON: numbers as in the CSV, absent ones null.
  package func json() -> String {
    JSONText.object([
      ("run_id", JSONText.string(runID)), ("base", JSONText.string(base)),
      ("winners", JSONText.array(winners.map(Self.json))),
      ("warnings", JSONText.array((handicaps + warnings).map(JSONText.string))),
      ("rows", JSONText.rows(rows, Schema.compare)),
    ]) + "\n"
  }

  private static func json(_ winner: Winner) -> String {
    JSONText.object([
      ("network", JSONText.string(winner.key.network)),
      ("layer", JSONText.string(winner.key.layer)),
      ("kind", JSONText.string(winner.key.kind)),
      ("threads", String(winner.key.threads)), ("batch", String(winner.key.batch)),
      ("pass", JSONText.string(winner.key.pass.rawValue)),
      ("cache", JSONText.string(winner.key.cache.rawValue)),
      ("backend", JSONText.string(winner.backend)), ("isa", JSONText.string(winner.isa)),
    ])
  }
}

/// Backends with times, in the order of the run.
func measuredBackends(_ workloads: [WorkloadRow]) -> [String] {
  Array(OrderedSet(workloads.filter { $0.status == .ok }.map(\.key.backend)))
}

/// A sentence for each handicap that a run had.
func handicapLabels(_ environment: Environment, _ workloads: [WorkloadRow]) -> [String] {
  var labels = environment.slowDowns
  if labels.isEmpty {
    // Runs from before options were recorded.
    labels = Array(
      OrderedSet(
        workloads.compactMap { row in
          row.facts.handicap.map { "\(row.key.backend):\(row.key.layer)=\($0)" }
        }))
  }
  return labels.map {
    "run \(environment.runID) was slowed down on purpose (--slow-down \($0))"
  }
}

extension BackendComparison {
  /// A table per network, batch, threads and pass, for a terminal.
  package func terminal() -> String {
    var text = "run \(runID): ratios to \(base.isEmpty ? "nothing" : base)\n"
    text += notices.map { wrapped("", $0) }.joined()
    for (title, rows) in groups {
      var notes = Footnotes()
      let grid = grid(rows, mark: " *", &notes)
      text += "\n\(title)\n" + grid.terminal(isBold: false)
      text += legend(rows, mark: "*").map { wrapped("", $0) }.joined() + notes.text()
    }
    if rows.isEmpty { text += wrapped("", Self.nothing) }
    return text + "\n" + wrapped("", explanation(mark: "*"))
  }

  /// Markdown for a page or a pull request.
  package func markdown() -> String {
    var text = "## Run \(markdownText(runID)), ratios to \(markdownText(base))\n\n"
    text += notices.map { "> \(markdownText($0))\n\n" }.joined()
    for (title, rows) in groups {
      var notes = Footnotes()
      let grid = grid(rows, mark: "", &notes)
      text += "### \(markdownText(title))\n\n" + grid.markdown() + "\n"
      let lines =
        legend(rows, mark: "fastest:") + notes.texts.enumerated().map { "[\($0 + 1)] \($1)" }
      if !lines.isEmpty { text += lines.map { "- \(markdownText($0))\n" }.joined() + "\n" }
    }
    if rows.isEmpty { text += Self.nothing + "\n\n" }
    return text + explanation(mark: "bold") + "\n"
  }

  private static let nothing = "The run has no two backends to compare."

  private func explanation(mark: String) -> String {
    let extent = rule == .ofRun ? "a run" : "a table"
    return
      "ratio: time over that of the base in the same rounds, below 1 is faster; interval: exact, all of "
      + "\(extent) at once with 95 %; MDE: the least difference that would have been told; \(mark): the "
      + "fastest, where the intervals allow to name it."
  }

  var notices: [String] { handicaps + [baseNotice].compactMap(\.self) }

  private var groups: OrderedDictionary<String, [BackendRatioRow]> {
    OrderedDictionary(grouping: rows) { ComparisonTable($0.key).title }
  }

  /// Where the rows of a table were measured, in words.
  static func passName(_ key: WorkloadKey) -> String {
    switch key.pass {
    case .isolated: "layers alone"
    case .net: "full net"
    case .inNet: key.kind == StageTimes.kind ? "stages inside the net" : "steps inside the net"
    }
  }

  private func grid(
    _ rows: [BackendRatioRow], mark: String, _ notes: inout Footnotes
  ) -> Grid {
    let best = Set(winners)
    let libraries = LibraryNotes(warnings)
    let hasISAs =
      Set(rows.map { [$0.contender, $0.contenderISA] }).count > Set(rows.map(\.contender)).count
    var grid = Grid(
      header: [["layer", "backend", "ratio", "interval", "verdict", "MDE", "pairs"]], rows: [])
    grid.leftAligned = [0, 1, 3, 4]
    var layer = ""
    for row in rows {
      let isWinner = best.contains(
        Winner(key: row.key, backend: row.contender, isa: row.contenderISA))
      let name = hasISAs ? "\(row.contender) (\(row.contenderISA))" : row.contender
      let marked = libraries.texts(of: row.contender).reduce(name) { $0 + notes.mark($1) }
      let verdict =
        row.verdict.rawValue
        + (row.verdict == .notComparable ? notes.mark(row.reason) : "")
      grid.rows.append([
        Grid.Cell([row.key.layer == layer ? "" : row.key.layer]),
        Grid.Cell([marked + (isWinner ? mark : "")], isBest: isWinner),
        Grid.Cell([row.ratio.map(NumberText.ratio) ?? ""]),
        Grid.Cell([Self.interval(row.intervalLower, row.intervalUpper)]),
        Grid.Cell([verdict]),
        Grid.Cell([row.detectableEffectPercent.map { "\(NumberText.rate($0)) %" } ?? ""]),
        Grid.Cell([String(row.pairCount)]),
      ])
      layer = row.key.layer
    }
    return grid
  }

  static func interval(_ lower: Double?, _ upper: Double?) -> String {
    guard let lower, let upper else { return "" }
    return "\(NumberText.ratio(lower)) to \(NumberText.ratio(upper))"
  }

  /// Winners that are the base have no line of their own above.
  private func legend(_ rows: [BackendRatioRow], mark: String) -> [String] {
    let keys = Set(rows.map(\.key))
    let layers = winners.filter { keys.contains($0.key) && $0.backend == base }.map(\.key.layer)
    var lines = layers.isEmpty ? [] : ["\(mark) \(base): \(layers.joined(separator: ", "))"]
    lines += LibraryNotes(warnings).texts(of: base).map { "the base: \($0)" }
    let corrections = Set(rows.map(\.correction).filter { !$0.isEmpty }).sorted()
    if !corrections.isEmpty {
      lines.append("intervals corrected by \(corrections.joined(separator: ", "))")
    }
    return lines
  }
}
