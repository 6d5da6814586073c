import Results

/// Two backends on one workload, with the ratios of their times.
struct ComparedPair {
  var baseline: WorkloadRow
  var contender: WorkloadRow
  var scope: CompareScope
  /// Contender ∕ baseline, in rising order.
  var ratios: [Double]
  /// Why there is no verdict; empty when there may be one.
  var obstacle: String

  /// Whether it is one of the comparisons that share the error probability.
  var isInFamily: Bool { obstacle.isEmpty }

  /// The workload, without a backend.
  var key: WorkloadKey { pairKey(contender.key) }
}

/// What the sides of a comparison have in common.
func pairKey(_ key: WorkloadKey) -> WorkloadKey {
  var key = key
  key.backend = ""
  key.isa = ""
  return key
}

/// All comparisons of a run, workloads in the order of `workloads`.
/// - Parameter base: nil = ``baselineBackend(_:)``.
func comparedPairs(
  samples: [SampleRow], workloads: [WorkloadRow], base: String? = nil
) -> [ComparedPair] {
  guard let backend = base ?? baselineBackend(workloads) else { return [] }
  let blocks = Dictionary(grouping: samples, by: \.key)
  let times = workloads.reduce(into: [WorkloadKey: RoundTimes]()) { times, row in
    guard row.status == .ok, let own = blocks[row.key] else { return }
    times[row.key] = RoundTimes(own)
  }
  var order: [WorkloadKey] = []
  var groups: [WorkloadKey: [WorkloadRow]] = [:]
  for row in workloads {
    let key = pairKey(row.key)
    if groups[key] == nil { order.append(key) }
    groups[key, default: []].append(row)
  }
  let fusions = Fusions(workloads)
  return order.flatMap { key -> [ComparedPair] in
    let group = groups[key]!
    guard let base = group.firstIndex(where: { $0.key.backend == backend }) else { return [] }
    let baseline = group[base]
    return group.enumerated().compactMap { index, contender in
      guard index != base, !(baseline.status.isSwallowed && contender.status.isSwallowed) else {
        return nil
      }
      var pair = ComparedPair(
        baseline: baseline, contender: contender, scope: .process, ratios: [],
        obstacle: obstacle(baseline, contender, fusions))
      if let base = times[baseline.key], let own = times[contender.key] {
        (pair.scope, pair.ratios) = base.ratios(of: own)
      }
      if pair.obstacle.isEmpty, pair.ratios.count < CompareRule.minimumPairs {
        pair.obstacle =
          pair.ratios.isEmpty
          ? "no round has both"
          : "\(pair.scope.count(pair.ratios.count)), an interval takes "
            + "\(CompareRule.minimumPairs) at least"
      }
      return pair
    }
  }
}

/// The backend that all others are held against; nil when nothing was timed.
func baselineBackend(_ workloads: [WorkloadRow]) -> String? {
  let backends = workloads.filter { $0.status == .ok }.map(\.key.backend)
  if backends.contains(CompareRule.preferredBaseline) { return CompareRule.preferredBaseline }
  return backends.first { $0 != CompareRule.lastBaseline } ?? backends.first
}

/// Why two rows can't be compared whatever their times; empty when they can.
private func obstacle(
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
      + "so that steps of this name do different work; compare the net"
  }
  return ""
}

extension Status {
  /// Part of another step, or none at all.
  fileprivate var isSwallowed: Bool { self == .fused || self == .elided }
}

/// Stages in which a backend's steps cover several layers.
private struct Fusions {
  private var keys: Set<WorkloadKey>

  init(_ workloads: [WorkloadRow]) {
    keys = Set(workloads.filter { $0.status == .fused }.map { Self.stage(of: $0.key) })
  }

  func contain(_ key: WorkloadKey) -> Bool {
    key.pass == .inNet && keys.contains(Self.stage(of: key))
  }

  private static func stage(of key: WorkloadKey) -> WorkloadKey {
    var key = key
    key.layer = ""
    key.layerIndex = 0
    key.kind = ""
    key.isa = ""
    return key
  }
}
