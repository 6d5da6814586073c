import Networks
import OrderedCollections
import Results
import Statistics

/// The pairs of a check, sorted: nets, stages and their layers, controls.
struct Campaign {
  /// What layers, stages and the net of one comparison have in common.
  struct Setting: Hashable {
    var network, backend, isa: String
    var direction: Direction
    var threads, batch: Int

    init(_ key: WorkloadKey) {
      (network, backend, isa, direction) = (key.network, key.backend, key.isa, key.direction)
      (threads, batch) = (key.threads, key.batch)
    }
  }

  /// A net, or a stage with its layers: a member of the family that is looked at first.
  struct Member {
    var level: GateFinding.Level
    /// One for a net. Those of a stage are not summed up when muted.
    var parts: [PairSeries]
    var setting: Setting

    /// The sums over the parts, of pairs that all parts have.
    func times(attempt: Int) -> TimePairs {
      guard parts.count > 1 else { return parts.first?[attempt] ?? TimePairs() }
      let all = parts.map { $0[attempt] }
      var sums = TimePairs()
      // A part whose process ended early has fewer.
      for pair in 0..<(all.map(\.count).min() ?? 0) {
        sums.add(
          base: all.reduce(0) { $0 + $1.base[pair] }, head: all.reduce(0) { $0 + $1.head[pair] })
      }
      return sums
    }

    /// The member as a row would name it.
    var key: WorkloadKey {
      var key = parts[0].key
      guard level == .stage else { return key }
      key.layer = key.stage
      key.kind = "stage"
      return key
    }
  }

  private(set) var members: [Member] = []
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
    var stages: [StageName: Int] = [:]
    for (name, series) in all {
      guard name.role == .gated else {
        controls.append((name.role, series))
        continue
      }
      order.append(series.key)
      let setting = Setting(series.key)
      let isNet = series.key.pass == .net
      if isNet { netBase[setting] = OrderStatistics(series[1].base)?.median }
      if policy.muteReason(series.key) != nil || series.failure != nil || series[1].count == 0 {
        others.append(series)
      } else if isNet {
        members.append(Member(level: .net, parts: [series], setting: setting))
      } else if let stage = stages[StageName(setting: setting, stage: series.key.stage)] {
        members[stage].parts.append(series)
      } else {
        stages[StageName(setting: setting, stage: series.key.stage)] = members.count
        members.append(Member(level: .stage, parts: [series], setting: setting))
      }
    }
  }

  private struct StageName: Hashable {
    var setting: Setting
    var stage: String
  }

  /// The smallest change of time that counts, in nanoseconds per call.
  func threshold(_ setting: Setting, _ policy: GatePolicy) -> Double {
    max(policy.absoluteNanoseconds, policy.absoluteShareOfNet * (netBase[setting] ?? 0))
  }
}
