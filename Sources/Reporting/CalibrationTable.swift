import Results

/// The table of `alexbench calibrate`, and the line about a calibration below other tables.
package struct CalibrationTable: Sendable {
  private let rows: [CalibrationRow]

  package init(_ rows: [CalibrationRow]) { self.rows = rows }

  private static let columns: [Column<CalibrationRow>] = [
    Column("network") { $0.key.network },
    Column("layer") { $0.key.layer },
    Column("backend") { $0.key.backend },
    Column("pass") { $0.key.pass.rawValue },
    Column("batch") { String($0.key.batch) },
    Column("threads") { String($0.key.threads) },
    Column("spread %") { $0.spreadPercent.map(NumberText.rate) ?? "" },
    Column("ratio") { $0.medianRatio.map(NumberText.ratio) ?? "" },
    Column("95 % interval") { row in
      guard let lower = row.intervalLower, let upper = row.intervalUpper else { return "" }
      return "\(NumberText.ratio(lower)) – \(NumberText.ratio(upper))"
    },
    Column("alarms") { "\($0.falseAlarmCount) of \($0.windowCount)" },
    Column("MDE %") { $0.detectableEffectPercent.map(NumberText.rate) ?? "" },
    Column("rounds") { String($0.roundCount) },
  ]

  package func terminal() -> String {
    var grid = Grid(header: [Self.columns.map(\.name)], rows: [])
    grid.leftAligned = [0, 1, 2, 3]
    grid.rows = rows.map { row in Self.columns.map { Grid.Cell([$0.text(row)]) } }
    let legend =
      "A backend compared with itself: spread is the median absolute deviation of the rounds' "
      + "ratios; an alarm is a part of \(CalibrationRule.windowRounds) rounds or more whose 95 % "
      + "interval leaves 1 outside, which chance alone makes of up to 5 %."
    return grid.terminal(isBold: false) + wrapped("", legend)
  }

  /// For the foot of a run's table.
  static func line(_ summary: CalibrationSummary) -> String {
    "this host: a backend compared with itself has a spread of "
      + "\(NumberText.rate(summary.medianSpreadPercent))\(fixedBlank)% (median of "
      + "\(summary.workloadCount) workloads), "
      + "\(NumberText.rate(summary.largestSpreadPercent))\(fixedBlank)% at most, and "
      + "\(summary.falseAlarmCount) false alarms in \(summary.windowCount) comparisons "
      + "(calibration \(summary.runID))"
  }
}
