import Foundation

/// The calibrations of hosts, one file per host class in a folder.
public struct CalibrationStore {
  private let folder: String

  public init(folder: String) { self.folder = folder }

  public func path(hostClass: String) -> String {
    RunFolder.join(folder, hostClass + ".csv")
  }

  /// What is known of a host; empty when it was never calibrated.
  public func rows(hostClass: String) throws(ResultsError) -> [CalibrationRow] {
    do throws(ResultsError) {
      return try Schema.calibration.rows(contentsOf: path(hostClass: hostClass))
    } catch {
      if case .missing = error { return [] }
      throw error
    }
  }

  /// Adds workloads of a host, in place of earlier rows of the same ones.
  public func add(_ rows: [CalibrationRow], hostClass: String) throws(ResultsError) {
    func name(_ row: CalibrationRow) -> WorkloadKey {
      var key = row.key
      key.runID = ""
      return key
    }
    let new = Set(rows.map(name))
    let kept = try self.rows(hostClass: hostClass).filter { !new.contains(name($0)) }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: folder, reason: error.localizedDescription)
    }
    try RunFolder.replace(
      hostClass + ".csv", in: folder, with: Schema.calibration.text(kept + rows))
  }
}
