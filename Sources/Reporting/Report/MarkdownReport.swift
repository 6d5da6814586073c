import Results

/// A run as Markdown, for a pull request or a job's summary.
package struct MarkdownReport: Sendable {
  private let files: RunFiles
  private let comparison: BackendComparison
  private let command: String

  /// - Parameters:
  ///   - comparison: of the same run.
  ///   - command: that makes this report.
  package init(_ files: RunFiles, comparison: BackendComparison, command: String = "") {
    self.files = files
    self.comparison = comparison
    self.command = command
  }

  package func markdown() -> String {
    let environment = files.environment
    var text = "## AlexBench run \(markdownText(environment.runID))\n\n"
    for sentence in ReportSummary(files, comparison).sentences {
      text += markdownText(sentence) + "\n\n"
    }
    text += comparison.notices.map { "> **Warning:** \(markdownText($0))\n\n" }.joined()
    text += RunTable(
      summary: files.summary, roofs: files.roofs, counters: files.counters,
      warnings: environment.warnings, calibration: environment.calibration,
      winners: comparison.winners
    ).markdown()
    text += "<details><summary>Ratios to \(markdownText(comparison.base))</summary>\n\n"
    text += comparison.markdown() + "\n</details>\n\n"
    text += "<details><summary>Host</summary>\n\n| | |\n| :-- | :-- |\n"
    for (name, value) in TimeSpent.card(environment) {
      text += "| \(markdownCell(name)) | \(markdownCell(value)) |\n"
    }
    text += "\n</details>\n\n<details><summary>Commands</summary>\n\n"
    text +=
      indented(environment.arguments.map(shellWord).joined(separator: " ")) + indented(command)
    return text + "\n</details>\n"
  }

  /// As code, whatever is in it.
  private func indented(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).map { "    \($0)\n" }.joined()
  }
}
