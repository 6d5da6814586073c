import OrderedCollections
import Results
import Statistics

/// One of two runs that are compared: its rows by workload, and the values that stand for each.
struct RunSide {
  /// By key without the run; stages inside nets included.
  private(set) var rows: [WorkloadKey: WorkloadRow] = [:]
  private var order: [WorkloadKey] = []
  /// The rows of a backend on a workload, one per instruction set.
  private var keys: [WorkloadKey: [WorkloadKey]] = [:]
  private var times: [WorkloadKey: RoundTimes] = [:]
  private var values: [WorkloadKey: (scope: ComparisonScope, values: [Double])] = [:]
  /// Medians of full nets by instruction set.
  private var nets: [NetKey: [String: Double]] = [:]
  private var fusions: Fusions
  private(set) var obstacles: [WorkloadKey: String] = [:]

  /// Times per call.
  init(_ files: RunFiles) {
    let run = timedWorkloads(samples: files.samples, workloads: files.workloads)
    fusions = Fusions(files.workloads)
    for row in run.rows where !row.status.isSwallowed {
      let key = row.key.without(.run)
      guard rows[key] == nil else { continue }
      rows[key] = row
      order.append(key)
      keys[key.without(.isa), default: []].append(key)
      if let own = run.times[row.key] {
        times[key] = own
        let replicates = own.replicates
        values[key] = (replicates.scope, replicates.times)
        if key.pass == .net {
          nets[NetKey(key), default: [:]][key.isa] = medianRatio(of: replicates.times)
        }
      }
    }
  }

  /// Ratios to one backend of the run instead of times, from the same rounds.
  func divided(by base: String) -> RunSide {
    var side = self
    var baseKeys: [WorkloadKey: WorkloadKey] = [:]
    for key in order where key.backend == base && baseKeys[pairKey(key)] == nil {
      baseKeys[pairKey(key)] = key
    }
    func isContender(_ key: WorkloadKey) -> Bool {
      baseKeys[pairKey(key)].map { $0 != key } ?? false
    }
    side.order = order.filter(isContender)
    side.values = [:]
    side.rows = rows.filter { isContender($0.key) }
    for key in side.order {
      let baseKey = baseKeys[pairKey(key)]!
      let obstacle = pairObstacle(rows[baseKey]!, rows[key]!, fusions)
      if !obstacle.isEmpty { side.obstacles[key] = obstacle }
      if let base = times[baseKey], let own = times[key] {
        side.values[key] = base.ratios(of: own)
      }
    }
    return side
  }

  /// The median of the run's net of the same backend and setting, which small changes are held
  /// against; nil when it was not measured.
  private func netMedian(of key: WorkloadKey) -> Double? {
    let own = nets[NetKey(key)] ?? [:]
    return own[key.isa] ?? (own.count == 1 ? own.first?.value : nil)
  }

  /// The row of another run's workload here: the same, or where a backend has one row of it in each
  /// run, that one, whatever instruction set its library chose.
  private func match(_ key: WorkloadKey, of other: RunSide) -> WorkloadKey? {
    if rows[key] != nil { return key }
    let anyISA = key.without(.isa)
    guard let own = keys[anyISA], own.count == 1, other.keys[anyISA]?.count == 1 else { return nil }
    return own[0]
  }

  /// One workload in both runs.
  struct Pair {
    /// With the instruction set of the baseline.
    var key: WorkloadKey
    var contenderISA: String
    var baseline: (scope: ComparisonScope, values: [Double])
    var contender: (scope: ComparisonScope, values: [Double])
    /// Why there is no verdict; empty when there may be one.
    var obstacle: String
    /// The baseline's net; nil when unknown.
    var netMedian: Double?
  }

  /// The workloads that both have, in this run's order, the backends of each together.
  func pairs(with contender: RunSide) -> [Pair] {
    OrderedDictionary(grouping: order, by: pairKey).values.joined().compactMap { key in
      guard let row = rows[key], let match = contender.match(key, of: self),
        let other = contender.rows[match]
      else { return nil }
      var obstacle = obstacles[key] ?? contender.obstacles[match] ?? ""
      if obstacle.isEmpty { obstacle = self.obstacle(row, other, contender) }
      return Pair(
        key: key, contenderISA: match.isa, baseline: values[key] ?? (.process, []),
        contender: contender.values[match] ?? (.process, []), obstacle: obstacle,
        netMedian: key.pass == .net ? nil : netMedian(of: key))
    }
  }

  private func obstacle(_ row: WorkloadRow, _ other: WorkloadRow, _ contender: RunSide) -> String {
    for (name, row) in [("the first run", row), ("the second run", other)] where row.status != .ok {
      return "\(name): \(row.status.rawValue): \(row.reason)"
    }
    let delegates = (row.facts.delegatedTo, other.facts.delegatedTo)
    if delegates.0 != delegates.1 {
      func text(_ name: String) -> String { name.isEmpty ? "nobody" : name }
      return "the layer was handed to \(text(delegates.0)) in the first run and to "
        + "\(text(delegates.1)) in the second"
    }
    if fusions.fusedLayers(around: row.key) != contender.fusions.fusedLayers(around: other.key) {
      return "the runs fuse layers of stage \(row.key.stage) differently; compare the stage"
    }
    return ""
  }
}
