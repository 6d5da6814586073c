/// What a check allows to some workloads (`.alexbench.csv`).
///
/// Empty names match all; of several rows that match a workload the last one counts.
package struct PolicyRow: Hashable, Sendable {
  package var network: String
  package var backend: String
  /// A layer, or `net`.
  package var layer: String
  /// Slow-down that is let pass, in percent; nil for the usual one.
  package var marginPercent: Double?
  /// Its times are shown, but never fail a check.
  package var isMuted: Bool
  /// Why.
  package var reason: String

  package init(
    network: String = "", backend: String = "", layer: String = "", marginPercent: Double? = nil,
    isMuted: Bool = false, reason: String = ""
  ) {
    self.network = network
    self.backend = backend
    self.layer = layer
    self.marginPercent = marginPercent
    self.isMuted = isMuted
    self.reason = reason
  }

  /// Whether it speaks of a workload.
  package func matches(_ key: WorkloadKey) -> Bool {
    (network.isEmpty || network == key.network) && (backend.isEmpty || backend == key.backend)
      && (layer.isEmpty || layer == key.layer)
  }
}

extension Schema where Row == PolicyRow {
  /// `.alexbench.csv`: one row per exception to the rule of a check.
  package static let policy = Schema(
    fileName: ".alexbench.csv", blank: PolicyRow(),
    columns: [
      Column("network", \.network), Column("backend", \.backend), Column("layer", \.layer),
      Column("margin_pct", unit: "%", \.marginPercent), Column("mute", \.isMuted),
      Column("reason", \.reason),
    ])
}
