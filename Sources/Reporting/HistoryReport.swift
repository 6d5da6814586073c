import Results
import Statistics

/// `alexbench history`: how layers went over commits, and where their level changed.
package struct HistoryReport: Sendable {
  private let files: [HistoryFile]

  package init(_ files: [HistoryFile]) { self.files = files }

  /// A change of level, at a commit.
  package struct Change: Hashable, Sendable {
    package var hostClass: String
    package var name: String
    package var layer: String
    /// The first with the new level, and the last with the old one.
    package var commit: String
    package var previousCommit: String
    package var time: String
    package var percent: Double
    package var pValue: Double
  }

  /// All changes, by file, layer and time.
  package func changes() -> [Change] {
    files.flatMap { file in
      file.layers.flatMap { layer -> [Change] in
        let series = file.series(of: layer)
        return changePoints(series.map(\.nanoseconds)).map { point in
          Change(
            hostClass: file.hostClass, name: file.name, layer: layer,
            commit: series[point.index].entry.commit,
            previousCommit: series[point.index - 1].entry.commit,
            time: series[point.index].entry.time, percent: 100 * point.relativeChange,
            pValue: point.pValue)
        }
      }
    }
  }

  /// Every change as a line of a table.
  package func changesTable() -> String {
    let changes = changes()
    let longest = files.map(\.entries.count).max() ?? 0
    guard !changes.isEmpty else {
      return "no change of level in \(files.count) files of up to \(longest) runs"
        + (longest < 8 ? "; it takes 8 runs to see one" : "") + "\n"
    }
    var grid = Grid(
      header: [["layer", "where", "commit", "after", "time", "change"]],
      rows: changes.map { change in
        [
          change.layer, change.name, Self.short(change.commit), Self.short(change.previousCommit),
          change.time, Self.signed(change.percent),
        ].map { Grid.Cell([$0]) }
      })
    grid.leftAligned = [0, 1, 2, 3, 4]
    let classes = Set(changes.map(\.hostClass)).sorted()
    return grid.terminal(isBold: false) + classes.map { wrapped("hosts: ", $0) }.joined()
  }

  /// The course of a layer, one line per run with a bar; nil when no file has it.
  package func course(of layer: String) -> String? {
    let texts = files.compactMap { course(of: layer, in: $0) }
    return texts.isEmpty ? nil : texts.joined(separator: "\n")
  }

  /// Width of the longest bar.
  private static let barWidth = 40

  private func course(of layer: String, in file: HistoryFile) -> String? {
    let series = file.series(of: layer)
    guard let largest = series.map(\.nanoseconds).max(), largest > 0 else { return nil }
    let points = changePoints(series.map(\.nanoseconds))
    var grid = Grid(
      header: [["commit", "time", "ms", "", ""]],
      rows: series.enumerated().map { index, item in
        let bar = Int(nearestTo: Double(Self.barWidth) * item.nanoseconds / largest)
        let point = points.first { $0.index == index }
        return [
          Self.short(item.entry.commit), item.entry.time,
          NumberText.milliseconds(item.nanoseconds), String(repeating: "#", count: max(bar, 1)),
          point.map { "<- \(Self.signed(100 * $0.relativeChange))" } ?? "",
        ].map { Grid.Cell([$0]) }
      })
    grid.leftAligned = [0, 1, 3, 4]
    return "\(layer), \(file.name)\n" + grid.terminal(isBold: false)
      + wrapped("hosts: ", file.hostClass)
  }

  private static func short(_ commit: String) -> String { String(commit.prefix(10)) }

  private static func signed(_ percent: Double) -> String {
    (percent > 0 ? "+" : "") + NumberText.rate(percent) + " %"
  }
}
