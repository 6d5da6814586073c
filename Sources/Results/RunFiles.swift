/// The files of a finished run, read back.
package struct RunFiles: Sendable {
  package var samples: [SampleRow]
  package var workloads: [WorkloadRow]
  package var layers: [LayerRow]
  /// Empty for a run from before roofs were probed.
  package var roofs: [RoofRow]
  package var summary: [SummaryRow]
  /// Empty when phases were not asked for.
  package var phases: [PhaseRow]
  /// Empty when nothing was chosen by measuring.
  package var plan: [PlanRow]
  /// Empty for a run that is no calibration.
  package var calibration: [CalibrationRow]
  /// Empty for a run from before pairs were compared, and with a single backend.
  package var compare: [BackendRatioRow]
  /// Empty when counters were not asked for.
  package var counters: [CounterRow]
  package var environment: Environment
  /// Columns that the files lack or have too much, one sentence each.
  package let notices: [String]

  /// Reads a run's folder.
  /// - Throws: a missing or corrupt file, or another schema version; the error names file, line
  ///   and column.
  package init(folder: String) throws(ResultsError) {
    var notices: [String] = []
    func rows<Row>(of table: Table<Row>?) -> [Row] {
      notices += table?.notices ?? []
      return table?.rows ?? []
    }
    samples = rows(of: try Schema.samples.table(inFolder: folder))
    workloads = rows(of: try Schema.workloads.table(inFolder: folder))
    layers = rows(of: try Schema.layers.table(inFolder: folder))
    roofs = rows(of: try Schema.roofs.tableIfPresent(inFolder: folder))
    summary = rows(of: try Schema.summary.table(inFolder: folder))
    phases = rows(of: try Schema.phases.tableIfPresent(inFolder: folder))
    plan = rows(of: try Schema.plan.tableIfPresent(inFolder: folder))
    calibration = rows(of: try Schema.calibration.tableIfPresent(inFolder: folder))
    compare = rows(of: try Schema.compare.tableIfPresent(inFolder: folder))
    counters = rows(of: try Schema.counters.tableIfPresent(inFolder: folder))
    environment = try Environment(contentsOf: RunFolder.join(folder, Environment.fileName))
    self.notices = notices
  }
}
