import OrderedCollections
import Results
import Statistics

/// Two backends on one workload, with the ratios of their times.
struct ComparedPair {
  var baseline: WorkloadRow
  var contender: WorkloadRow
  var scope: ComparisonScope
  /// Contender ∕ baseline, in rising order.
  var ratios: [Double]
  /// The replicates of each side, in rising order, whether the other has the same rounds or not.
  var baselineTimes: [Double] = []
  var contenderTimes: [Double] = []
  /// Why there is no verdict; empty when there may be one.
  var obstacle: String

  /// Whether it is one of the comparisons that share the error probability.
  var isInFamily: Bool { obstacle.isEmpty }

  /// The workload, without a backend.
  var key: WorkloadKey { pairKey(contender.key) }

  /// Whether the blocks of both sides, paired or not, would make an interval of this comparison alone.
  var hasUnpairedInterval: Bool {
    ComparisonFamily(count: 1).hasRankInterval(baselineTimes.count, contenderTimes.count)
  }
}

/// What the sides of a comparison have in common.
func pairKey(_ key: WorkloadKey) -> WorkloadKey { key.without(.backend, .isa) }

/// All comparisons of a run, workloads in the order of `workloads`, then stages.
/// - Parameter base: the baseline; nil for ``baselineBackend(_:)``.
func comparedPairs(
  samples: [SampleRow], workloads: [WorkloadRow], base: String? = nil,
  rule: ComparisonRule = .ofRun
) -> [ComparedPair] {
  guard let backend = base ?? baselineBackend(workloads) else { return [] }
  let (workloads, times) = timedWorkloads(samples: samples, workloads: workloads)
  let fusions = Fusions(workloads)
  let groups = OrderedDictionary(grouping: workloads) { pairKey($0.key) }
  return groups.values.flatMap { group -> [ComparedPair] in
    guard let base = group.firstIndex(where: { $0.key.backend == backend }) else { return [] }
    let baseline = group[base]
    return group.enumerated().compactMap { index, contender in
      guard index != base, !(baseline.status.isSwallowed && contender.status.isSwallowed) else {
        return nil
      }
      var pair = ComparedPair(
        baseline: baseline, contender: contender, scope: .process, ratios: [],
        obstacle: pairObstacle(baseline, contender, fusions))
      if let base = times[baseline.key], let own = times[contender.key] {
        (pair.scope, pair.ratios) = base.ratios(of: own)
        (pair.baselineTimes, pair.contenderTimes) = (base.replicates.times, own.replicates.times)
      }
      if pair.obstacle.isEmpty, pair.ratios.count < BackendComparisonRule.minimumPairs,
        rule == .ofRun || !pair.hasUnpairedInterval
      {
        pair.obstacle =
          pair.ratios.isEmpty
          ? "no round has both"
          : "\(pair.scope.count(pair.ratios.count)), an interval takes "
            + "\(BackendComparisonRule.minimumPairs) at least"
      }
      return pair
    }
  }
}

/// The backend that all others are held against; nil when nothing was timed.
func baselineBackend(_ workloads: [WorkloadRow]) -> String? {
  let backends = workloads.filter { $0.status == .ok }.map(\.key.backend)
  let preferred = BackendComparisonRule.preferredBaseline
  if backends.contains(preferred) { return preferred }
  return backends.first { $0 != BackendComparisonRule.lastBaseline } ?? backends.first
}

/// The workloads of a run and the stages made of them, with the times of those that are `ok`.
func timedWorkloads(
  samples: [SampleRow], workloads: [WorkloadRow]
) -> (rows: [WorkloadRow], times: [WorkloadKey: RoundTimes]) {
  let blocks = Dictionary(grouping: samples, by: \.key)
  let times = workloads.reduce(into: [WorkloadKey: RoundTimes]()) { times, row in
    guard row.status == .ok, let own = blocks[row.key] else { return }
    times[row.key] = RoundTimes(own)
  }
  let stages = StageTimes(workloads, stepTimes: times)
  return (workloads + stages.rows, times.merging(stages.times) { own, _ in own })
}

/// Why two rows can't be compared whatever their times; empty when they can.
func pairObstacle(
  _ baseline: WorkloadRow, _ contender: WorkloadRow, _ fusions: Fusions
) -> String {
  for row in [baseline, contender] where row.status != .ok {
    return "\(row.key.backend): \(row.status.rawValue): \(row.reason)"
  }
  for row in [baseline, contender] where !row.facts.delegatedTo.isEmpty {
    return "\(row.key.backend) handed the layer to \(row.facts.delegatedTo)"
  }
  for row in [baseline, contender] where fusions.contain(row.key) {
    return "\(row.key.backend) fuses layers of stage \(row.key.stage), "
      + "so that steps of this name do different work; compare the stage"
  }
  return ""
}

extension Status {
  /// Part of another step, or none at all.
  var isSwallowed: Bool { self == .fused || self == .elided }
}

/// Stages in which a backend's steps cover several layers.
struct Fusions {
  /// The layers that are part of another step, by stage.
  private var layers: [WorkloadKey: Set<String>] = [:]

  init(_ workloads: [WorkloadRow]) {
    for row in workloads where row.status == .fused {
      layers[Self.stage(of: row.key), default: []].insert(row.key.layer)
    }
  }

  /// Whether a step of this name may do the work of others too.
  func contain(_ key: WorkloadKey) -> Bool { !fusedLayers(around: key).isEmpty }

  /// The layers of a step's stage that are part of another step; none for a stage as a whole.
  func fusedLayers(around key: WorkloadKey) -> Set<String> {
    guard key.pass == .inNet, key.kind != StageTimes.kind else { return [] }
    return layers[Self.stage(of: key)] ?? []
  }

  private static func stage(of key: WorkloadKey) -> WorkloadKey {
    key.without(.run, .layer, .isa)
  }
}
