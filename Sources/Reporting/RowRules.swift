import Results

/// The rules of each file. Files that can't be read are nil, and what is held against them is left
/// out.
enum RowRules {
  static func samples(_ runID: String?, workloads: [WorkloadRow]?) -> RowRule<SampleRow> {
    let known = workloads.map { Set($0.map(\.key)) }
    var seen = Seen<SampleKey>("block of this launch and round")
    return RowRule { row in
      var problems = Problems(runID, row.key.runID)
      problems.expect(
        known?.contains(row.key) ?? true, "layer", "workloads.csv has no row with this key")
      problems.expect(row.block.iterations >= 1, "block_iterations", "must be 1 or more")
      problems.expect(row.block.wallNanoseconds > 0, "wall_ns", "must be above 0")
      problems.expect(row.launch >= 0, "launch", "must not be negative")
      problems.expect(row.round >= 0, "round", "must not be negative")
      problems.expect(row.position >= 0, "position", "must not be negative")
      problems.expect(row.block.clockGHz.isFinite, "clock_ghz", "must be a number")
      problems.expectNew(
        SampleKey(key: row.key, launch: row.launch, round: row.round), &seen, "round")
      return problems.found
    }
  }

  private struct SampleKey: Hashable {
    var key: WorkloadKey
    var launch: Int
    var round: Int
  }

  static func workloads(
    _ runID: String?, samples: [SampleRow]?, layers: [LayerRow]?
  ) -> RowRule<WorkloadRow> {
    let timed = samples.map { Set($0.map(\.key)) }
    let known = layers.map { Set($0.map(GeometryKey.init)) }
    var seen = Seen<WorkloadKey>("row of this workload")
    return RowRule { row in
      var problems = Problems(runID, row.key.runID)
      if row.status == .ok {
        problems.expect(row.reason.isEmpty, "reason", "must be empty with status ok")
        problems.expect(
          timed?.contains(row.key) ?? true, "status", "is ok, but samples.csv has no block of it")
      } else {
        problems.expect(
          !row.reason.isEmpty, "reason", "is missing with status \(row.status.rawValue)")
      }
      // Reorders are steps that a backend puts in; the network has no such layer.
      problems.expect(
        row.key.kind == "reorder" || (known?.contains(GeometryKey(row.key)) ?? true), "layer",
        "layers.csv has no such layer at this batch")
      problems.expect(row.key.threads >= 1, "threads", "must be 1 or more")
      problems.expect(row.key.batch >= 1, "batch", "must be 1 or more")
      problems.expectNew(row.key, &seen, "layer")
      return problems.found
    }
  }

  static func layers(_ runID: String?) -> RowRule<LayerRow> {
    var seen = Seen<GeometryKey>("row of this layer and batch")
    return RowRule { row in
      var problems = Problems(runID, row.runID)
      problems.expect(row.flops >= 0, "flops", "must not be negative")
      problems.expectNew(GeometryKey(row), &seen, "layer")
      return problems.found
    }
  }

  static func roofs(_ runID: String?) -> RowRule<RoofRow> {
    var seen = Seen<RoofRow>("row of this roof")
    return RowRule { row in
      var problems = Problems(runID, row.runID)
      problems.expect(row.value.isFinite && row.value > 0, "value", "must be above 0")
      problems.expect(row.median <= row.value, "median", "is above the largest value")
      problems.expect(row.probeCount >= 1, "n_probes", "must be 1 or more")
      problems.expect(row.level.kind == row.kind, "level", "is no level of this kind")
      let key = RoofRow(
        runID: "", level: row.level, isa: row.isa, threads: row.threads, value: 0, median: 0,
        probeCount: 0)
      problems.expectNew(key, &seen, "level")
      return problems.found
    }
  }

  static func phases(_ runID: String?, workloads: [WorkloadRow]?) -> RowRule<PhaseRow> {
    let known = workloads.map { Set($0.map(\.key)) }
    var seen = Seen<[AnyHashable]>("row of this phase")
    return RowRule { row in
      var problems = Problems(runID, row.key.runID)
      problems.expect(
        known?.contains(row.key) ?? true, "layer", "workloads.csv has no row with this key")
      problems.expect(row.callCount >= 1, "n_calls", "must be 1 or more")
      problems.expect(
        row.sharePercent >= 0 && row.sharePercent <= 100, "share_pct", "must be in 0 … 100")
      problems.expectNew([row.key, row.phase], &seen, "phase")
      return problems.found
    }
  }

  static func counters(_ runID: String?, workloads: [WorkloadRow]?) -> RowRule<CounterRow> {
    let known = workloads.map { Set($0.map(\.key)) }
    var seen = Seen<[AnyHashable]>("row of this event")
    return RowRule { row in
      var problems = Problems(runID, row.key.runID)
      // Without the pass `net` the whole net has no row of its own.
      problems.expect(
        row.key.pass == .inNet || (known?.contains(row.key) ?? true), "layer",
        "workloads.csv has no row with this key")
      let isCounted = ["ok", "scaled", "advisory"].contains(row.status)
      problems.expect(
        (row.perCall != nil) == isCounted, "per_call",
        "is \(isCounted ? "missing" : "there") with status \(row.status)")
      problems.expect(
        isCounted || !row.reason.isEmpty, "reason", "is missing with status \(row.status)")
      // Derived from counts and from a simulation, an event has two values.
      problems.expectNew([row.key, row.source, row.event, row.scope], &seen, "event")
      return problems.found
    }
  }

  static func plan(_ runID: String?, layers: [LayerRow]?) -> RowRule<PlanRow> {
    let known = layers.map { Set($0.map(GeometryKey.init)) }
    var seen = Seen<[AnyHashable]>("row of this tile")
    var chosen = Seen<WorkloadKey>("chosen tile of this layer")
    return RowRule { row in
      var problems = Problems(runID, row.key.runID)
      problems.expect(
        known?.contains(GeometryKey(row.key)) ?? true, "layer",
        "layers.csv has no such layer at this batch")
      problems.expect(row.nanoseconds >= 0, "ns", "must not be negative")
      problems.expectNew([row.key, row.tile], &seen, "tile")
      if row.isChosen { problems.expectNew(row.key, &chosen, "chosen") }
      return problems.found
    }
  }
}
