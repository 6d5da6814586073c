import OrderedCollections
import Results
import Statistics

/// The times of a baseline for people.
package struct BaselineTable {
  private let baseline: Baseline

  package init(_ baseline: Baseline) { self.baseline = baseline }

  package func terminal() -> String {
    let header = ["network", "layer", "backend", "isa", "batch", "threads", "launches", "ms"]
    var grid = Grid(
      header: [header],
      rows: OrderedDictionary(grouping: baseline.rows, by: \.key).map { key, own in
        let median =
          OrderStatistics(own.map(\.nanoseconds)).map { NumberText.milliseconds($0.median) } ?? ""
        return [
          key.network, key.layer, key.backend, key.isa, "\(key.batch)", "\(key.threads)",
          "\(own.count)", median,
        ].map { Grid.Cell([$0]) }
      })
    grid.leftAligned = [0, 1, 2, 3]
    let environment = baseline.environment
    return "\(baseline.name), of run \(environment.runID)"
      + (environment.build.gitCommit.map { ", commit \($0)" } ?? "") + "\n"
      + grid.terminal(isBold: false)
  }
}
