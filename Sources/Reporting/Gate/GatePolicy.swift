import Results
import Statistics

/// When a slow-down fails a check.
package struct GatePolicy: Hashable, Sendable {
  /// Slow-down to tolerate, in percent.
  package var marginPercent = 5.0
  /// Error probability of the second stage, of all that it measures together.
  package var alpha = 0.05
  /// Pairs of launches of the second stage after which it is looked whether they are enough. With 8
  /// the exact test can tell 5 workloads apart, with 12 forty; those beyond ``plannedPairs`` are for
  /// what is still open when there is time left.
  package var test = StagedTest(looks: [
    .init(count: 8, share: 0.4), .init(count: 12, share: 0.2), .init(count: 16, share: 0.2),
    .init(count: 24, share: 0.1), .init(count: 40, share: 0.1),
  ])
  /// Pairs that the time of the second stage is divided among.
  package var plannedPairs = 16
  /// A slow-down below this many nanoseconds per call, or below this share of the net's time, is
  /// tolerated.
  package var absoluteNanoseconds = 20_000.0
  package var absoluteShareOfNet = 0.002
  /// A check that would miss slow-downs of this many margins is inconclusive.
  package var blindMargins = 3.0
  /// Controls and sentinels may differ by this many margins.
  package var controlMargins = 0.5
  /// Exceptions, the last one that matches first.
  package var exceptions: [PolicyRow] = []

  package init() {}

  /// The factor that a time may grow by.
  func limit(_ key: WorkloadKey) -> Double { 1 + marginPercent(key) / 100 }

  func marginPercent(_ key: WorkloadKey) -> Double {
    exceptions.last { $0.matches(key) && $0.marginPercent != nil }?.marginPercent ?? marginPercent
  }

  /// Why a workload never fails a check; nil when it may.
  func muteReason(_ key: WorkloadKey) -> String? {
    guard let row = exceptions.last(where: { $0.matches(key) && $0.marginPercent == nil }),
      row.isMuted
    else { return nil }
    return row.reason.isEmpty ? "muted" : "muted: \(row.reason)"
  }
}
