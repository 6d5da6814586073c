extension GateVerdict {
  /// What a job summary may have, by GitHub's rules: 1 MiB.
  static let summaryByteLimit = 1 << 20

  /// A page for the summary of a job: verdict, what stands out with the command that measures it
  /// again, and all workloads. Never longer than ``summaryByteLimit``.
  /// - Parameter title: names what was compared.
  package func markdown(title: String) -> String {
    markdown(title: title, byteLimit: Self.summaryByteLimit)
  }

  package func markdown(title: String, byteLimit: Int) -> String {
    var text = "## \(title)\n\n**\(outcome.rawValue)**: \(reason)\n"
    let notable = self.notable
    // Room for a last line is kept throughout.
    let room = byteLimit - 200
    var shown = 0
    for finding in notable {
      // A reason may quote what Markdown would take for a tag.
      let reason = finding.reason.replacing("<", with: "&lt;")
      var entry = "\n- **\(finding.outcome.rawValue)** \(finding.name): \(reason)\n"
      if finding.outcome == .regression { entry += "  ```\n  \(finding.repro)\n  ```\n" }
      guard text.utf8.count + entry.utf8.count <= room / 2 else { break }
      text += entry
      shown += 1
    }
    if shown < notable.count { text += "\n… and \(notable.count - shown) more.\n" }
    text += "\n" + controlLines.map { "- \($0)\n" }.joined()
    let head = "\n<details><summary>All workloads</summary>\n\n"
    let lines = VerdictTable(findings: findings).grid.markdown()
      .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    text += head
    var size = text.utf8.count
    for (index, line) in lines.enumerated() {
      size += line.utf8.count + 1
      guard size <= room else {
        text += "\n… and \(lines.count - index) more; pairs.csv has them all.\n"
        break
      }
      text += line + "\n"
    }
    return text + "\n</details>\n"
  }
}
