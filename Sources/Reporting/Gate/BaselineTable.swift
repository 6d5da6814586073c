import Results
import Statistics

/// The times of a baseline for people.
package struct BaselineTable {
  private let baseline: Baseline

  package init(_ baseline: Baseline) { self.baseline = baseline }

  package func terminal() -> String {
    var order: [WorkloadKey] = []
    var times: [WorkloadKey: [Double]] = [:]
    for row in baseline.rows {
      if times[row.key] == nil { order.append(row.key) }
      times[row.key, default: []].append(row.nanoseconds)
    }
    let header = ["network", "layer", "backend", "isa", "batch", "threads", "launches", "ms"]
    var grid = Grid(
      header: [header],
      rows: order.map { key in
        let own = times[key] ?? []
        let median = OrderStatistics(own).map { NumberText.milliseconds($0.median) } ?? ""
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
