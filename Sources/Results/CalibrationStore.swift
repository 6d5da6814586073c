/// The calibrations of hosts, one file per host class in a folder.
package struct CalibrationStore {
  private let folder: String

  package init(folder: String) { self.folder = folder }

  package func path(hostClass: String) -> String {
    RunFolder.join(folder, hostClass + ".csv")
  }

  /// What is known of a host; empty when it was never calibrated.
  package func rows(hostClass: String) throws(ResultsError) -> [CalibrationRow] {
    try Schema.calibration.rowsIfPresent(contentsOf: path(hostClass: hostClass))
  }

  /// Adds workloads of a host, in place of earlier rows of the same ones.
  package func add(_ rows: [CalibrationRow], hostClass: String) throws(ResultsError) {
    let new = Set(rows.map { $0.key.without(.run) })
    try Schema.calibration.update(path(hostClass: hostClass)) { earlier in
      earlier.filter { !new.contains($0.key.without(.run)) } + rows
    }
  }
}
