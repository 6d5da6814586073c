import Foundation
import Results
import Testing

struct CalibrationStoreTests {
  private func row(_ layer: String, run: String, spread: Double?) -> CalibrationRow {
    var row = CalibrationRow()
    row.key = SampleRows.sample.key
    row.key.layer = layer
    row.key.runID = run
    row.hostClass = "h"
    row.roundCount = 40
    row.medianRatio = 1.5
    row.spreadPercent = spread
    row.windowCount = 3
    row.falseAlarmCount = 1
    row.detectableEffectReason = "why"
    return row
  }

  @Test("A host that was never calibrated has no rows")
  func none() throws {
    let folder = try TemporaryFolder()
    #expect(try CalibrationStore(folder: folder.path + "/x").rows(hostClass: "h").isEmpty)
  }

  @Test("Later rows take the place of earlier ones of the same workload, hosts stay apart")
  func replacing() throws {
    let folder = try TemporaryFolder()
    let store = CalibrationStore(folder: folder.path + "/a/b")
    try store.add(
      [row("conv1", run: "1", spread: 1), row("conv2", run: "1", spread: 2)], hostClass: "h")
    try store.add(
      [row("conv1", run: "2", spread: 0.5), row("fc6", run: "2", spread: nil)], hostClass: "h")
    try store.add([row("conv1", run: "3", spread: 9)], hostClass: "other")
    let rows = try store.rows(hostClass: "h")
    #expect(rows.map(\.key.layer) == ["conv2", "conv1", "fc6"])
    #expect(rows.map(\.key.runID) == ["1", "2", "2"])
    #expect(rows.map(\.spreadPercent) == [2, 0.5, nil])
    let summary = try #require(CalibrationSummary(rows))
    #expect(summary.runID == "2" && summary.workloadCount == 2)
    #expect(summary.medianSpreadPercent == 0.5 && summary.largestSpreadPercent == 2)
    #expect(summary.windowCount == 9 && summary.falseAlarmCount == 3)
  }

  @Test("A broken file is corrupt input, not an uncalibrated host")
  func corrupt() throws {
    let folder = try TemporaryFolder()
    let store = CalibrationStore(folder: folder.path)
    try Data("x".utf8).write(to: URL(fileURLWithPath: store.path(hostClass: "h")))
    #expect(throws: ResultsError.self) { try store.rows(hostClass: "h") }
  }
}
