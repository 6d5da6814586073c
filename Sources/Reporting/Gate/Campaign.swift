import Networks
import OrderedCollections
import Results
import Statistics

/// The pairs of a check, sorted: workloads that are gated, and controls.
struct Campaign {
  /// What layers and the net of one comparison have in common.
  private struct Setting: Hashable {
    var network, backend, isa: String
    var direction: Direction
    var threads, batch: Int

    init(_ key: WorkloadKey) {
      (network, backend, isa, direction) = (key.network, key.backend, key.isa, key.direction)
      (threads, batch) = (key.threads, key.batch)
    }
  }

  /// Those that have times and are not muted.
  private(set) var members: [PairSeries] = []
  /// Muted, and those without times.
  private(set) var others: [PairSeries] = []
  private(set) var controls: [(role: PairRole, series: PairSeries)] = []
  /// Keys of all gated series in the order of the rows.
  private(set) var order: [WorkloadKey] = []
  /// Some row was measured on two classes of hosts.
  private(set) var isOnOtherHost = false
  private var netBase: [Setting: Double] = [:]

  init(_ rows: [PairRow], policy: GatePolicy) {
    struct Name: Hashable {
      var role: PairRole
      var key: WorkloadKey
    }
    var all: OrderedDictionary<Name, PairSeries> = [:]
    for row in rows {
      let name = Name(role: row.role, key: row.key.without(.run))
      all[name, default: PairSeries(row)].add(row)
      if row.base.hostClass != row.head.hostClass { isOnOtherHost = true }
    }
    for (name, series) in all {
      var series = series
      series.estimate()
      guard name.role == .gated else {
        controls.append((name.role, series))
        continue
      }
      order.append(series.key)
      if series.key.pass == .net { netBase[Setting(series.key)] = series[1].baseNanoseconds }
      if policy.muteReason(series.key) != nil || series.failure != nil || series[1].count == 0 {
        others.append(series)
      } else {
        members.append(series)
      }
    }
  }

  /// The smallest change of time that counts, in nanoseconds per call.
  func threshold(_ key: WorkloadKey, _ policy: GatePolicy) -> Double {
    max(
      policy.absoluteNanoseconds, policy.absoluteShareOfNet * (netBase[Setting(key)] ?? 0))
  }
}
