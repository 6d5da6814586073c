import Results

/// A verdict as a table, for terminals and for Markdown.
struct VerdictTable {
  private static let header = [
    "workload", "base ms", "head ms", "change", "at least", "second stage", "detectable", "verdict",
  ]

  let findings: [GateFinding]

  var grid: Grid {
    var grid = Grid(
      header: [Self.header],
      rows: findings.map { finding in
        [
          finding.name, Self.time(finding.baseNanoseconds), Self.time(finding.headNanoseconds),
          Self.percent(finding.changePercent), Self.percent(finding.lower.map { 100 * ($0 - 1) }),
          Self.percent(finding.repeatedRatio.map { 100 * ($0 - 1) }),
          finding.detectablePercent.map(Percent.text) ?? "", finding.outcome.rawValue,
        ].map { Grid.Cell([$0]) }
      })
    grid.leftAligned = [0, 7]
    return grid
  }

  private static func time(_ nanoseconds: Double?) -> String {
    nanoseconds.map(NumberText.milliseconds) ?? ""
  }

  private static func percent(_ percent: Double?) -> String { percent.map(Percent.signed) ?? "" }
}

extension GateVerdict {
  /// Findings that are more than a pass, the worst outcomes and largest changes first.
  var notable: [GateFinding] {
    [GateOutcome.failed, .regression, .environment, .inconclusive, .improvement].flatMap(ranked)
  }

  /// What controls and sentinels say, one line each.
  var controlLines: [String] {
    controls.map { control in
      let name =
        control.role == .sentinel
        ? "sentinel \(control.key.layer)"
        : "control \(control.key.network) \(control.key.layer), \(control.key.backend) "
          + "\(control.key.isa)"
      let change = control.ratio.map { Percent.signed(100 * ($0 - 1)) } ?? "nothing"
      let interval = control.lower.flatMap { lower in
        control.upper.map {
          " (\(Percent.signed(100 * (lower - 1))) to \(Percent.signed(100 * ($0 - 1))))"
        }
      }
      return "\(name), stage \(control.attempt), \(control.pairCount) pairs: \(change)"
        + "\(interval ?? "")\(control.isQuiet ? "" : " – not quiet")"
    }
  }

  /// Tables and lines for a terminal.
  package func terminal() -> String {
    var text = VerdictTable(findings: findings).grid.terminal(isBold: false)
    text += controlLines.map { $0 + "\n" }.joined()
    for finding in notable where !finding.reason.isEmpty {
      text += "\(finding.outcome.rawValue): \(finding.name): \(finding.reason)\n"
      if finding.outcome == .regression { text += "  again: \(finding.repro)\n" }
    }
    return text + "\(outcome.rawValue): \(reason)\n"
  }
}

/// Percentages for people, one digit after the point.
enum Percent {
  static func text(_ percent: Double) -> String { NumberText.percent(percent) + " %" }

  static func signed(_ percent: Double) -> String { NumberText.difference(percent) + " %" }
}
