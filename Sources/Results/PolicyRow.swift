/// What a check allows to some workloads (`.alexbench.csv`).
///
/// Empty names match all; of several rows that match a workload the last one counts.
package struct PolicyRow: FileRow {
  package var network = ""
  package var backend = ""
  package var layer = ""
  package var marginPercent: Double?
  package var isMuted = false
  package var reason = ""

  package init() {}

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
  package static let policy = Schema(fileName: ".alexbench.csv", isHandwritten: true) {
    Column("network", \.network, "the network; empty for all")
    Column("backend", \.backend, "the backend; empty for all")
    Column("layer", \.layer, "the layer, `net` for the full net; empty for all")
    Column(
      "margin_pct", unit: "%", \.marginPercent,
      "slow-down to tolerate; empty for the default of 5 % (`--margin`)")
    Column(
      "mute", \.isMuted, "1: shown, but never fails a check (in a row without a margin)")
    Column("reason", \.reason, "for people")
  }
}
