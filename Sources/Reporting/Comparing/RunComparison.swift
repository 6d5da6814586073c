import OrderedCollections
import Results

/// The backends of one run against one of them (`alexbench compare RUN`).
package struct RunComparison: Sendable {
  package let runID: String
  /// The backend that all others are held against; empty when nothing was timed.
  package let base: String
  /// Whether ``base`` is another one than asked for, or than usual.
  package let baseNotice: String?
  package let rows: [CompareRow]
  package let winners: [Winner]
  /// What a reader must know, from `environment.json`.
  package let warnings: [String]
  let handicaps: [String]

  /// - Parameter base: nil = the one of `compare.csv`.
  /// - Throws: when the run has no times of the base asked for.
  package init(_ files: RunFiles, base: String? = nil) throws(ReportingError) {
    let measured = measuredBackends(files.workloads)
    if let base, !measured.contains(base) {
      throw .unknownBase(name: base, run: files.environment.runID, known: measured)
    }
    runID = files.environment.runID
    self.base = base ?? baselineBackend(files.workloads) ?? ""
    baseNotice =
      base == nil && self.base != CompareRule.preferredBaseline && !self.base.isEmpty
      ? "the run has no times of \(CompareRule.preferredBaseline); the base is \(self.base), the "
        + "first backend with times" : nil
    rows = compare(samples: files.samples, workloads: files.workloads, base: base)
    winners = Winner.all(in: rows)
    warnings = files.environment.warnings
    handicaps = handicapLabels(files)
  }

  /// The text of `compare.csv` with this base.
  package func csv() -> String { Schema.compare.text(rows) }

  /// The same rows as JSON: numbers as in the CSV, absent ones null.
  package func json() -> String {
    JSONText.object([
      ("run_id", JSONText.string(runID)), ("base", JSONText.string(base)),
      ("winners", JSONText.array(winners.map(Self.json))),
      ("warnings", JSONText.array((handicaps + warnings).map(JSONText.string))),
      ("rows", JSONText.rows(rows, Schema.compare)),
    ]) + "\n"
  }

  private static func json(_ winner: Winner) -> String {
    JSONText.object([
      ("network", JSONText.string(winner.key.network)),
      ("layer", JSONText.string(winner.key.layer)),
      ("kind", JSONText.string(winner.key.kind)),
      ("threads", String(winner.key.threads)), ("batch", String(winner.key.batch)),
      ("pass", JSONText.string(winner.key.pass.rawValue)),
      ("cache", JSONText.string(winner.key.cache.rawValue)),
      ("backend", JSONText.string(winner.backend)), ("isa", JSONText.string(winner.isa)),
    ])
  }
}

/// Backends with times, in the order of the run.
func measuredBackends(_ workloads: [WorkloadRow]) -> [String] {
  Array(OrderedSet(workloads.filter { $0.status == .ok }.map(\.key.backend)))
}

/// A sentence for each handicap that a run had.
func handicapLabels(_ files: RunFiles) -> [String] {
  var labels = files.environment.slowDowns
  if labels.isEmpty {
    // Runs from before options were recorded.
    labels = Array(
      OrderedSet(
        files.workloads.compactMap { row in
          row.facts.handicap.map { "\(row.key.backend):\(row.key.layer)=\($0)" }
        }))
  }
  return labels.map {
    "run \(files.environment.runID) was slowed down on purpose (--handicap \($0))"
  }
}
