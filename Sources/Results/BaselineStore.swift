import Files
import Foundation

/// A run that was kept to compare with.
package struct Baseline: Sendable {
  package var name: String
  package var rows: [BaselineRow]
  /// Of the run; its options hold the tiles that were chosen.
  package var environment: Environment

  package var hostClass: String { environment.host.hostClass }

  package init(name: String, rows: [BaselineRow], environment: Environment) {
    self.name = name
    self.rows = rows
    self.environment = environment
  }
}

/// Baselines: a folder per class of hosts, in it `<name>.csv` and `<name>.json` for each.
package struct BaselineStore: Sendable {
  package let folder: String

  package init(folder: String) { self.folder = folder }

  /// The file of times.
  package func path(_ name: String, hostClass: String) -> String {
    "\(folder)/\(hostClass)/\(name).csv"
  }

  private func environmentPath(_ name: String, hostClass: String) -> String {
    "\(folder)/\(hostClass)/\(name).json"
  }

  /// The files of a baseline.
  package func files(_ name: String, hostClass: String) -> [NamedFile] {
    [path(name, hostClass: hostClass), environmentPath(name, hostClass: hostClass)].map {
      NamedFile("the baseline", $0)
    }
  }

  /// The files of all baselines of a name.
  package func files(_ name: String) -> [NamedFile] {
    list().filter { $0.name == name }.flatMap { files($0.name, hostClass: $0.hostClass) }
  }

  /// Writes a baseline, in place of an earlier one of its name.
  package func save(_ baseline: Baseline) throws(ResultsError) {
    try writeFile(
      baseline.environment.jsonText(),
      to: environmentPath(baseline.name, hostClass: baseline.hostClass), creatingFolders: true)
    try Schema.baseline.write(
      baseline.rows, to: path(baseline.name, hostClass: baseline.hostClass))
  }

  /// - Throws: that it is missing or damaged.
  package func load(_ name: String, hostClass: String) throws(ResultsError) -> Baseline {
    let rows = try Schema.baseline.rows(contentsOf: path(name, hostClass: hostClass))
    let environment = try Environment(
      contentsOf: environmentPath(name, hostClass: hostClass))
    return Baseline(name: name, rows: rows, environment: environment)
  }

  /// Names and classes of hosts of all baselines, in order.
  package func list() -> [(name: String, hostClass: String)] {
    let classes = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return classes.sorted().flatMap { hostClass in
      let files =
        (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(hostClass)")) ?? []
      return files.sorted().filter { $0.hasSuffix(".csv") }.map {
        (String($0.dropLast(".csv".count)), hostClass)
      }
    }
  }

  /// - Throws: that it is missing or cannot be removed.
  package func delete(_ name: String, hostClass: String) throws(ResultsError) {
    let path = path(name, hostClass: hostClass)
    guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
    for file in [path, environmentPath(name, hostClass: hostClass)] {
      guard unlink(file) == 0 || errno == ENOENT else {
        throw .cannotWrite(path: file, reason: systemSentence(errno))
      }
    }
  }
}
