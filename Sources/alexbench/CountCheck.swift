import Foundation
import Measuring
import Reporting
import Results

/// `check --deterministic`: instruction counts against the accepted ones.
struct CountCheck {
  /// File of the accepted counts.
  var counts: String
  /// Whether the new counts are accepted.
  var isAccepting: Bool

  func run() throws {
    if let reason = CallgrindSource().unavailability(of: "Ir") {
      throw MeasuringError.unavailable(reason)
    }
    let origin = CountLane.origin(
      host: HostFingerprint.collect(), build: BuildFingerprint.collect())
    let lane = try CountLane(backends: makeBackends([:]))
    var accepted: [CountRow] = []
    if FileManager.default.fileExists(atPath: counts) {
      accepted = try Schema.counts.rows(contentsOf: counts)
    }
    let progress = Progress()
    progress.expect(Double(lane.cases.count))
    let counted = try lane.count(worker: [executablePath(), "worker"], origin: origin) {
      progress.show("\($1.network) \($1.layer), \($1.backend)")
      if $0 > 0 { progress.advance(1) }
    }
    progress.clear()
    let comparison = CountComparison(accepted: accepted, counted: counted)
    print(comparison.terminal(), terminator: "")
    if isAccepting {
      try Schema.counts.write(counted, to: counts)
      print("accepted: \(counts)")
    } else if !comparison.differences.isEmpty {
      throw AlexExit.otherVersion
    } else if !comparison.increases.isEmpty || !comparison.new.isEmpty
      || !comparison.missing.isEmpty
    {
      printError("alexbench: if this change is intended, accept it with Scripts/accept-counts")
      throw AlexExit.regression
    } else if !comparison.isSame {
      print("fewer instructions than accepted; Scripts/accept-counts accepts the new counts")
    }
  }
}
