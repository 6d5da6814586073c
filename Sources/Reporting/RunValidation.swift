import Foundation
import Results

/// Whether a run's folder is what its schema says: types, keys, reasons, and computed files as the
/// other files give them (`alexbench validate`).
package struct RunValidation: Sendable {
  /// Messages of one file; more are counted only.
  static let messageLimit = 10

  /// One line per file, for example `samples.csv: 1166 rows`.
  package private(set) var files: [String] = []
  /// What is wrong, in the order of the files; each names file, line and column where it can.
  package private(set) var violations: [ResultsError] = []

  package var isValid: Bool { violations.isEmpty }

  private let folder: String

  /// - Throws: only when there is no such folder; whatever is wrong inside is a violation.
  package init(folder: String) throws(ResultsError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue
    else { throw .missing(path: folder) }
    self.folder = folder
    check()
  }

  private mutating func check() {
    let environment = checkEnvironment()
    let runID = environment?.runID
    let samples = read(.samples)
    let workloads = read(.workloads)
    let layers = read(.layers)
    let roofs = read(.roofs, isOptional: true)
    let summary = read(.summary)
    let compare = read(.compare, isOptional: true)
    let phases = read(.phases, isOptional: true)
    let counters = read(.counters, isOptional: true)
    let plan = read(.plan, isOptional: true)

    apply(RowRules.samples(runID, workloads: workloads?.rows), to: samples)
    apply(RowRules.workloads(runID, samples: samples?.rows, layers: layers?.rows), to: workloads)
    apply(RowRules.layers(runID), to: layers)
    apply(RowRules.roofs(runID), to: roofs)
    apply(RowRules.summary(runID), to: summary)
    apply(RowRules.compare(runID), to: compare)
    apply(RowRules.phases(runID, workloads: workloads?.rows), to: phases)
    apply(RowRules.counters(runID, workloads: workloads?.rows), to: counters)
    apply(RowRules.plan(runID, layers: layers?.rows), to: plan)
    recompute(
      samples, workloads, layers, roofs, summary, compare, rule: ComparisonRule(environment))
  }

  private mutating func checkEnvironment() -> Environment? {
    let path = folder.hasSuffix("/") ? folder : folder + "/"
    do throws(ResultsError) {
      let environment = try Environment(contentsOf: path + Environment.fileName)
      files.append("\(Environment.fileName): run \(environment.runID)")
      return environment
    } catch {
      files.append("\(Environment.fileName): not readable")
      violations.append(error)
      return nil
    }
  }

  // MARK: Reading

  private mutating func read<Row>(_ schema: Schema<Row>, isOptional: Bool = false) -> Table<Row>? {
    do throws(ResultsError) {
      let text = try schema.text(inFolder: folder)
      let table = try schema.table(in: text, file: schema.fileName)
      let count = table.rows.count
      let remarks = [("without", table.missing), ("unknown and left out:", table.unknown)]
        .filter { !$1.isEmpty }.map { ", \($0) \($1.joined(separator: " "))" }
      files.append(
        "\(schema.fileName): \(count) \(count == 1 ? "row" : "rows")" + remarks.joined())
      if let difference = TextDifference(text, from: table.text(table.rows)) {
        report(
          schema.fileName, difference.line, difference.column,
          "not formatted as alexbench writes it: "
            + Self.sentence(difference))
      }
      return table
    } catch {
      if isOptional, case .missing = error { return nil }
      files.append("\(schema.fileName): not readable")
      violations.append(error)
      return nil
    }
  }

  // MARK: Rules

  private mutating func apply<Row>(_ rule: RowRules.Rule<Row>, to file: Table<Row>?) {
    guard let file else { return }
    let missing = Set(file.missing)
    var found: [ResultsError] = []
    for (line, row) in zip(file.lines, file.rows) {
      for problem in rule(row) where !missing.contains(problem.column) {
        found.append(
          .corrupt(
            file: file.schema.fileName, line: line, column: problem.column, reason: problem.reason))
      }
    }
    add(found, file.schema.fileName)
  }

  private mutating func add(_ found: [ResultsError], _ name: String) {
    violations += found.prefix(Self.messageLimit)
    if found.count > Self.messageLimit {
      report(name, 0, "", "and \(found.count - Self.messageLimit) more like these")
    }
  }

  private mutating func report(_ file: String, _ line: Int, _ column: String, _ reason: String) {
    violations.append(.corrupt(file: file, line: line, column: column, reason: reason))
  }

  // MARK: Computed files

  private mutating func recompute(
    _ samples: Table<SampleRow>?, _ workloads: Table<WorkloadRow>?, _ layers: Table<LayerRow>?,
    _ roofs: Table<RoofRow>?, _ summary: Table<SummaryRow>?, _ compare: Table<BackendRatioRow>?,
    rule: ComparisonRule
  ) {
    guard let samples, let workloads, let layers else { return }
    let isRoofsBroken = roofs == nil && files.contains("\(Schema.roofs.fileName): not readable")
    if let summary, !isRoofsBroken {
      compareTexts(
        summary,
        with: summarise(
          samples: samples.rows, workloads: workloads.rows, layers: layers.rows,
          roofs: roofs?.rows ?? []), without: Set(workloads.missing))
    }
    if let compare {
      compareTexts(
        compare,
        with: Reporting.compare(samples: samples.rows, workloads: workloads.rows, rule: rule))
    }
  }

  /// - Parameter left: columns that cannot be computed again, since another file lacks them.
  private mutating func compareTexts<Row>(
    _ file: Table<Row>, with rows: [Row], without left: Set<String> = []
  ) {
    let name = file.schema.fileName
    let found = file.text(file.rows, without: left)
    guard let difference = TextDifference(found, from: file.text(rows, without: left)) else {
      if let index = files.firstIndex(where: { $0.hasPrefix(name + ":") }) {
        files[index] += ", the same when computed again"
      }
      return
    }
    report(
      name, difference.line, difference.column,
      "not what the other files give: " + Self.sentence(difference)
        + "; 'alexbench summarise' writes it again")
  }

  private static func sentence(_ difference: TextDifference) -> String {
    func quoted(_ text: String) -> String {
      text.count > 80 ? "'\(text.prefix(80))…'" : "'\(text)'"
    }
    switch (difference.found, difference.expected) {
    case (let found?, let expected?): return "\(quoted(found)) instead of \(quoted(expected))"
    case (let found?, nil): return "\(quoted(found)) is too much"
    case (nil, let expected?): return "\(quoted(expected)) is missing"
    case (nil, nil): return "the texts differ"
    }
  }
}
