import OrderedCollections
import Results

/// Stages inside a net as workloads of their own: a stage takes the sum of its steps, reorders
/// included, so that backends that fuse different layers of it can be compared.
struct StageTimes {
  /// `kind` of a stage's rows.
  static let kind = "stage"

  /// One row per stage, backend and instruction set. `layer` is the stage's name, the index that of
  /// its first layer.
  private(set) var rows: [WorkloadRow] = []
  /// Of the rows that are `ok`.
  private(set) var times: [WorkloadKey: RoundTimes] = [:]

  /// - Parameters:
  ///   - workloads: of the run, in order.
  ///   - stepTimes: of the rows that are `ok`.
  init(_ workloads: [WorkloadRow], stepTimes: [WorkloadKey: RoundTimes]) {
    let steps = OrderedDictionary(
      grouping: workloads.filter { $0.key.pass == .inNet && $0.key.layerIndex >= 0 }
    ) { Self.stageKey($0.key) }
    // Sides must agree on the key: the first layer that any backend has in the stage.
    var firstIndex: [WorkloadKey: Int] = [:]
    var isWorthARow: Set<WorkloadKey> = []
    for (key, own) in steps {
      let stage = pairKey(key)
      let index = own.map(\.key.layerIndex).min()!
      firstIndex[stage] = min(firstIndex[stage] ?? index, index)
      // A stage of one layer says nothing that the layer does not.
      if own.count > 1 { isWorthARow.insert(stage) }
    }
    for (key, own) in steps where isWorthARow.contains(pairKey(key)) {
      var key = key
      key.layerIndex = firstIndex[pairKey(key)]!
      add(key, steps: own, stepTimes: stepTimes)
    }
  }

  private mutating func add(
    _ key: WorkloadKey, steps: [WorkloadRow], stepTimes: [WorkloadKey: RoundTimes]
  ) {
    let timed = steps.filter { !$0.status.isSwallowed }
    if let broken = timed.first(where: { $0.status != .ok }) {
      rows.append(
        WorkloadRow(
          key: key, status: broken.status, reason: "\(broken.key.layer): \(broken.reason)"))
      return
    }
    guard let sum = RoundTimes(sumOf: timed.map { stepTimes[$0.key] }) else {
      rows.append(WorkloadRow(key: key, status: .skipped, reason: "a step of it has no time"))
      return
    }
    var row = WorkloadRow(key: key, status: .ok)
    row.facts.implementation = timed.map(\.facts.implementation).joined(separator: " + ")
    // Of a stage that is handed on in part the rest is the backend's own.
    let delegates = Set(timed.map(\.facts.delegatedTo))
    if delegates.count == 1, let only = delegates.first { row.facts.delegatedTo = only }
    rows.append(row)
    times[key] = sum
  }

  private static func stageKey(_ key: WorkloadKey) -> WorkloadKey {
    var key = key
    key.layer = key.stage
    key.layerIndex = 0
    key.kind = kind
    return key
  }
}
