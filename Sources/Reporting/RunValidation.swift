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
    recompute(samples, workloads, layers, roofs, summary, compare)
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

  /// A file that could be read.
  private struct File<Row: Sendable> {
    var schema: Schema<Row>
    var text: String
    var numbered: [(line: Int, row: Row)]
    var rows: [Row] { numbered.map(\.row) }
  }

  private mutating func read<Row>(_ schema: Schema<Row>, isOptional: Bool = false) -> File<Row>? {
    do throws(ResultsError) {
      let text = try schema.text(inFolder: folder)
      let rows = try schema.numberedRows(in: text, file: schema.fileName)
      files.append(
        "\(schema.fileName): \(rows.count) \(rows.count == 1 ? "row" : "rows")")
      if let difference = schema.difference(text, from: schema.text(rows.map(\.row))) {
        report(
          schema.fileName, difference.line, difference.column,
          "written otherwise than alexbench writes it: "
            + Self.sentence(difference))
      }
      return File(schema: schema, text: text, numbered: rows)
    } catch {
      if isOptional, case .missing = error { return nil }
      files.append("\(schema.fileName): not readable")
      violations.append(error)
      return nil
    }
  }

  // MARK: Rules

  private mutating func apply<Row>(_ rule: RowRule<Row>, to file: File<Row>?) {
    guard let file else { return }
    var found: [ResultsError] = []
    for (line, row) in file.numbered {
      for problem in rule.problems(row) {
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
    _ samples: File<SampleRow>?, _ workloads: File<WorkloadRow>?, _ layers: File<LayerRow>?,
    _ roofs: File<RoofRow>?, _ summary: File<SummaryRow>?, _ compare: File<CompareRow>?
  ) {
    guard let samples = samples?.rows, let workloads = workloads?.rows, let layers = layers?.rows
    else { return }
    let isRoofsBroken = roofs == nil && files.contains("\(Schema.roofs.fileName): not readable")
    if let summary, !isRoofsBroken {
      compareTexts(
        summary,
        with: summarise(
          samples: samples, workloads: workloads, layers: layers, roofs: roofs?.rows ?? []))
    }
    if let compare {
      compareTexts(compare, with: Reporting.compare(samples: samples, workloads: workloads))
    }
  }

  private mutating func compareTexts<Row>(_ file: File<Row>, with rows: [Row]) {
    let name = file.schema.fileName
    guard let difference = file.schema.difference(file.text, from: file.schema.text(rows)) else {
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
