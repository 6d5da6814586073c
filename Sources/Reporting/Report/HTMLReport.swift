import Mustache
import Results

/// A run as one HTML file that needs nothing beside it (`alexbench report`).
///
/// Every number is the text of a CSV file or made from it by ``NumberText``; the cell then has the
/// exact text as `data-value` and its place as `data-source`. Whatever comes from files is escaped.
package struct HTMLReport: Sendable {
  private let files: RunFiles
  private let comparison: BackendComparison
  private let plots: [ReportPlot]
  private let command: String

  /// - Parameters:
  ///   - comparison: of the same run.
  ///   - plots: in the order in which they are shown.
  ///   - command: that makes this report.
  package init(
    _ files: RunFiles, comparison: BackendComparison, plots: [ReportPlot] = [], command: String = ""
  ) {
    self.files = files
    self.comparison = comparison
    self.plots = plots
    self.command = command
  }

  package func html() -> String {
    Self.templates.render(page, withTemplate: "report") ?? ""
  }

  /// The files of the folder `Page`, which are part of the program. `{{name}}` is escaped.
  private static let templates: MustacheLibrary = {
    var templates: [String: MustacheTemplate] = [:]
    for (name, bytes) in [
      ("report", PackageResources.report_mustache), ("table", PackageResources.table_mustache),
    ] {
      // A test renders them.
      guard let template = try? MustacheTemplate(string: text(bytes)) else {
        preconditionFailure("\(name).mustache is not well-formed")
      }
      templates[name] = template
    }
    return MustacheLibrary(templates: templates)
  }()

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private var page: ReportNode {
    let environment = files.environment
    let sections = LayerSections(files, comparison)
    return ReportNode([
      "style": Self.text(PackageResources.report_css),
      "script": Self.text(PackageResources.report_js),
      "run": environment.runID,
      "started": environment.startedAt,
      "summary": ReportSummary(files, comparison).sentences,
      "warnings": comparison.notices + environment.warnings,
      "hasWarnings": !(comparison.notices + environment.warnings).isEmpty,
      "card": TimeSpent.card(environment).map { ReportNode(["name": $0.0, "value": $0.1]) },
      "roofs": ReportTable(
        fileName: Schema.roofs.fileName, columns: ReportLayout.roofs,
        rows: files.roofs.enumerated().map { ($0 + 1, $1) }
      ).node(),
      "hasRoofs": !files.roofs.isEmpty,
      "tables": OverviewTables(files, comparison).nodes,
      "plots": plots.map { ReportNode(["title": $0.title, "uri": $0.dataURI]) },
      "hasPlots": !plots.isEmpty,
      "layers": sections.nodes,
      "runCommand": environment.arguments.map(shellWord).joined(separator: " "),
      "command": command,
      "calibration": environment.calibration.map { withoutFixedBlanks(CalibrationTable.line($0)) }
        ?? "",
      "hasCalibration": environment.calibration != nil,
    ])
  }
}

/// A word of a command line, quoted where a shell would take it apart.
package func shellWord(_ word: String) -> String {
  let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:+@%"
  if !word.isEmpty, word.allSatisfy(plain.contains) { return word }
  return "'" + word.replacing("'", with: "'\\''") + "'"
}
