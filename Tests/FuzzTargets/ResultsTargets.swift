import Foundation
import Measuring
import Results

extension FuzzTarget {
  /// The files of runs, baselines, histories and policies.
  ///
  /// The first byte chooses the schema: letters from `A` take what follows as the whole file, those
  /// from `a` as what follows the header.
  static let csv = FuzzTarget("csv", byteLimit: 4096) { bytes in
    guard let first = bytes.first else { return try readers[0](true, "") }
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    return try readers[Int(first & 0x1f) % readers.count](first & 0x20 != 0, text)
  }

  private typealias Reader = @Sendable (_ addsHeader: Bool, _ text: String) throws -> Bool

  private static let readers: [Reader] = [
    reader(.samples), reader(.workloads), reader(.layers), reader(.roofs), reader(.summary),
    reader(.phases), reader(.plan), reader(.calibration), reader(.compare), reader(.counters),
    reader(.counts), reader(.baseline), reader(.pairs), reader(.compareRuns), reader(.policy),
    readHistory,
  ]

  private static func reader<Row>(_ schema: Schema<Row>) -> Reader {
    { addsHeader, text in
      let rows: [Row]
      do throws(ResultsError) {
        rows = try schema.rows(in: addsHeader ? schema.headerLine + text : text, file: "x")
      } catch {
        return try refused(error)
      }
      // Compared as text, where NaN equals itself. SwiftCSV looks at characters as people see them:
      // a comma that one of a few scalars joins is none to it, and such a file is refused.
      let written = schema.text(rows)
      let again: String
      do throws(ResultsError) {
        again = schema.text(try schema.rows(in: written, file: "x"))
      } catch {
        return try refused(error)
      }
      try require(again == written, "written and read again it is another \(schema.fileName)")
      return true
    }
  }

  @Sendable private static func readHistory(addsHeader: Bool, text: String) throws -> Bool {
    let path = "host/alexnet-b1.csv"
    let header = "time,commit,run_id,host_class,conv1_ns,net_ns\n"
    let history: HistoryFile
    do throws(ResultsError) {
      history = try HistoryFile(text: addsHeader ? header + text : text, path: path)
    } catch {
      return try refused(error)
    }
    for layer in history.layers { _ = history.series(of: layer) }
    let written = history.text
    let again = try HistoryFile(text: written, path: path)
    try require(again.text == written, "written and read again it is another history")
    return true
  }

  /// `environment.json`, and lines of a run's journal.
  static let json = FuzzTarget("json", byteLimit: 4096) { bytes in
    do throws(ResultsError) {
      _ = try JournalEntry(line: String(decoding: bytes, as: UTF8.self), file: "x", number: 1)
      return true
    } catch {
      _ = try refused(error)
    }
    let environment: Environment
    do throws(ResultsError) {
      environment = try Environment(json: bytes, file: "x")
    } catch {
      return try refused(error)
    }
    let written = environment.jsonText()
    let again = try Environment(json: Array(written.utf8), file: "x")
    try require(again == environment, "written and read again it is another environment")
    try require(
      EnvironmentDifference.all(environment, again).isEmpty, "it differs from itself")
    return true
  }
}
