import Networks
import Results

/// What a group of workloads gives besides samples: phases, choices of tiles, and rows of the
/// layers of a net.
extension GroupRunner {
  /// Calls that tell phases: as many as fit in a few blocks, 5 at least.
  private static let phaseNanoseconds = 50_000_000
  private static let phaseCalls = 5...200

  /// Times the phases of all that is alive, in calls of their own.
  func measurePhases() throws {
    for index in alive {
      try proceed("phases", index)
      let fitting = Self.phaseNanoseconds / max(slots[index].nanoseconds, 1)
      let calls = min(max(fitting, Self.phaseCalls.lowerBound), Self.phaseCalls.upperBound)
      let times = try ask(index) { handle in
        try ledger.measure(.phases) { try host.phases(handle, calls: calls) }
      }
      guard let times else { continue }
      let total = times.reduce(0) { $0 + $1.nanoseconds }
      record.phases += times.map { time in
        PhaseRow(
          key: slots[index].row.key, phase: time.phase.rawValue, callCount: calls,
          nanoseconds: time.nanoseconds,
          sharePercent: 100 * Double(time.nanoseconds) / Double(max(total, 1)))
      }
    }
  }

  /// Keeps the choices of a workload, and makes its command repeat them.
  func keepPlan(of prepared: PreparedWorkload, _ index: Int) {
    var tiles = slots[index].request.tiles
    for candidate in prepared.candidates {
      guard
        let node = place.graph.nodes.firstIndex(where: { $0.layer.name == candidate.layer })
      else { continue }
      var key = layerKey(node, index, pass: planKey(index).pass)
      key.backend = planKey(index).backend
      record.plan.append(
        PlanRow(
          key: key, tile: candidate.tile,
          nanoseconds: candidate.nanoseconds,
          isChosen: candidate.isChosen))
      if candidate.isChosen { tiles[candidate.layer] = candidate.tile }
    }
    let names = place.node.map { [place.graph.nodes[$0].layer.name] }
    let texts =
      (slots[index].request.tile.map { [$0] } ?? [])
      + tiles.filter { names?.contains($0.key) ?? true }.map { "\($0)=\($1)" }.sorted()
    if !texts.isEmpty { slots[index].tileOption = " --tile " + texts.joined(separator: ",") }
    slots[index].row.repro += slots[index].tileOption
  }

  /// What the choices of a workload are kept under; the passes of a net share them.
  func planKey(_ index: Int) -> WorkloadKey {
    var key = slots[index].row.key
    key.backend = RepeatedBackend.baseName(of: key.backend)
    if place.node == nil { key.pass = .net }
    return key
  }

  /// The key of a layer of this group's graph.
  func layerKey(_ node: Int, _ index: Int, pass: Pass) -> WorkloadKey {
    var layerPlace = place
    layerPlace.node = node
    var key = factory.key(
      layerPlace, backend: slots[index].contender.backend.name, isa: slots[index].contender.isa)
    key.pass = pass
    return key
  }

  /// All rows of the group.
  var rows: [WorkloadRow] {
    let own = slots.map(\.row)
    guard place.passes.contains(.inNet) else { return own + layerRows }
    // Without the pass `net` a row of the whole only says what went wrong.
    return own.filter { $0.key.pass != .inNet || $0.status != .ok } + stepRows
  }

  /// Of nets whose steps are not timed, a row for every layer that is no step of its own.
  private var layerRows: [WorkloadRow] {
    slots.indices.flatMap { index in
      coverageRows(
        of: place.graph.nodes.indices, index, pass: place.pass, repro: slots[index].row.repro)
    }
  }

  /// Those of some layers of a net that are no steps of their own, with the reason.
  func coverageRows(
    of nodes: some Sequence<Int>, _ index: Int, pass: Pass, repro: String
  ) -> [WorkloadRow] {
    let coverage = slots[index].coverage
    guard !coverage.isEmpty else { return [] }
    return nodes.compactMap { node in
      guard coverage[node].status != .ok else { return nil }
      return WorkloadRow(
        key: layerKey(node, index, pass: pass), status: coverage[node].status,
        reason: coverage[node].reason, repro: repro)
    }
  }
}

extension WorkloadPlace {
  /// Why nobody is measured here, or nil.
  var skipReason: String? {
    guard cache == .coldWeights, let node else { return nil }
    return graph.cost(of: graph.nodes[node]).weightBytes == 0
      ? "the layer has no weights that could be cold" : nil
  }
}
