import Results

/// The rules of each file. Files that can't be read are nil, and what is held against them is left
/// out.
enum RowRules {
  /// What is wrong with a row; called once per row, in the file's order.
  typealias Rule<Row> = (Row) -> [(column: String, reason: String)]

  static func samples(_ runID: String?, workloads: [WorkloadRow]?) -> Rule<SampleRow> {
    let known = workloads.map { Set($0.map(\.key)) }
    var seen = Seen<SampleKey>("block of this launch and round")
    return { row in
      var check = RowCheck(runID, row.key.runID)
      check.expect(
        known?.contains(row.key) ?? true, "layer", "workloads.csv has no row with this key")
      check.expect(row.block.iterations >= 1, "block_iterations", "must be 1 or more")
      check.expect(row.block.wallNanoseconds > 0, "wall_ns", "must be above 0")
      check.expect(row.launch >= 0, "launch", "must not be negative")
      check.expect(row.round >= 0, "round", "must not be negative")
      check.expect(row.position >= 0, "position", "must not be negative")
      check.expect(row.block.clockGHz.isFinite, "clock_ghz", "must be a number")
      check.expectNew(
        SampleKey(key: row.key, launch: row.launch, round: row.round), &seen, "round")
      return check.found
    }
  }

  private struct SampleKey: Hashable {
    var key: WorkloadKey
    var launch: Int
    var round: Int
  }

  static func workloads(
    _ runID: String?, samples: [SampleRow]?, layers: [LayerRow]?
  ) -> Rule<WorkloadRow> {
    let timed = samples.map { Set($0.map(\.key)) }
    let known = layers.map { Set($0.map(GeometryKey.init)) }
    var seen = Seen<WorkloadKey>("row of this workload")
    return { row in
      var check = RowCheck(runID, row.key.runID)
      if row.status == .ok {
        check.expect(row.reason.isEmpty, "reason", "must be empty with status ok")
        check.expect(
          timed?.contains(row.key) ?? true, "status", "is ok, but samples.csv has no block of it")
      } else {
        check.expect(
          !row.reason.isEmpty, "reason", "is missing with status \(row.status.rawValue)")
      }
      // Reorders are steps that a backend puts in; the network has no such layer.
      check.expect(
        row.key.kind == "reorder" || (known?.contains(GeometryKey(row.key)) ?? true), "layer",
        "layers.csv has no such layer at this batch")
      check.expect(row.key.threads >= 1, "threads", "must be 1 or more")
      check.expect(row.key.batch >= 1, "batch", "must be 1 or more")
      check.expectNew(row.key, &seen, "layer")
      return check.found
    }
  }

  static func layers(_ runID: String?) -> Rule<LayerRow> {
    var seen = Seen<GeometryKey>("row of this layer and batch")
    return { row in
      var check = RowCheck(runID, row.runID)
      check.expect(row.flops >= 0, "flops", "must not be negative")
      check.expectNew(GeometryKey(row), &seen, "layer")
      return check.found
    }
  }

  static func roofs(_ runID: String?) -> Rule<RoofRow> {
    var seen = Seen<RoofRow>("row of this roof")
    return { row in
      var check = RowCheck(runID, row.runID)
      check.expect(row.value.isFinite && row.value > 0, "value", "must be above 0")
      check.expect(row.median <= row.value, "median", "is above the largest value")
      check.expect(row.probeCount >= 1, "n_probes", "must be 1 or more")
      check.expect(row.level.kind == row.kind, "level", "is no level of this kind")
      let key = RoofRow(
        runID: "", level: row.level, isa: row.isa, threads: row.threads, value: 0, median: 0,
        probeCount: 0)
      check.expectNew(key, &seen, "level")
      return check.found
    }
  }

  static func phases(_ runID: String?, workloads: [WorkloadRow]?) -> Rule<PhaseRow> {
    let known = workloads.map { Set($0.map(\.key)) }
    var seen = Seen<[AnyHashable]>("row of this phase")
    return { row in
      var check = RowCheck(runID, row.key.runID)
      check.expect(
        known?.contains(row.key) ?? true, "layer", "workloads.csv has no row with this key")
      check.expect(row.callCount >= 1, "n_calls", "must be 1 or more")
      check.expect(
        row.sharePercent >= 0 && row.sharePercent <= 100, "share_pct", "must be in 0 … 100")
      check.expectNew([row.key, row.phase], &seen, "phase")
      return check.found
    }
  }

  static func counters(_ runID: String?, workloads: [WorkloadRow]?) -> Rule<CounterRow> {
    let known = workloads.map { Set($0.map(\.key)) }
    var seen = Seen<[AnyHashable]>("row of this event")
    return { row in
      var check = RowCheck(runID, row.key.runID)
      // Without the pass `net` the whole net has no row of its own.
      check.expect(
        row.key.pass == .inNet || (known?.contains(row.key) ?? true), "layer",
        "workloads.csv has no row with this key")
      let isCounted = ["ok", "scaled", "advisory"].contains(row.status)
      check.expect(
        (row.perCall != nil) == isCounted, "per_call",
        "is \(isCounted ? "missing" : "there") with status \(row.status)")
      check.expect(
        isCounted || !row.reason.isEmpty, "reason", "is missing with status \(row.status)")
      // Derived from counts and from a simulation, an event has two values.
      check.expectNew([row.key, row.source, row.event, row.scope], &seen, "event")
      return check.found
    }
  }

  static func plan(_ runID: String?, layers: [LayerRow]?) -> Rule<PlanRow> {
    let known = layers.map { Set($0.map(GeometryKey.init)) }
    var seen = Seen<[AnyHashable]>("row of this tile")
    var chosen = Seen<WorkloadKey>("chosen tile of this layer")
    return { row in
      var check = RowCheck(runID, row.key.runID)
      check.expect(
        known?.contains(GeometryKey(row.key)) ?? true, "layer",
        "layers.csv has no such layer at this batch")
      check.expect(row.nanoseconds >= 0, "ns", "must not be negative")
      check.expectNew([row.key, row.tile], &seen, "tile")
      if row.isChosen { check.expectNew(row.key, &chosen, "chosen") }
      return check.found
    }
  }
}

/// Collects what is wrong with one row.
struct RowCheck {
  private(set) var found: [(column: String, reason: String)] = []

  /// - Parameters:
  ///   - runID: of the run; nil when it is not known.
  ///   - own: of the row.
  init(_ runID: String?, _ own: String) {
    if let runID { expect(own == runID, "run_id", "'\(own)' is not the run '\(runID)'") }
  }

  mutating func expect(_ isTrue: Bool, _ column: String, _ reason: String) {
    if !isTrue { found.append((column, reason)) }
  }

  /// A value, or the reason why there is none, never both or neither.
  mutating func expectReason(
    _ reason: String, _ column: String, hasValue: Bool, _ valueColumn: String
  ) {
    expect(
      hasValue == reason.isEmpty, column,
      hasValue
        ? "must be empty beside a \(valueColumn)" : "is missing where \(valueColumn) is empty")
  }

  mutating func expectNew<Key>(_ key: Key, _ seen: inout Seen<Key>, _ column: String) {
    expect(seen.keys.insert(key).inserted, column, "is another \(seen.what)")
  }
}

/// Keys that were there already.
struct Seen<Key: Hashable> {
  fileprivate(set) var keys: Set<Key> = []
  let what: String
  init(_ what: String) { self.what = what }
}

/// Rules of the files that are computed from the others: what a reader relies on without computing
/// them again.
extension RowRules {
  static func summary(_ runID: String?) -> Rule<SummaryRow> {
    var seen = Seen<WorkloadKey>("row of this workload")
    return { row in
      var check = RowCheck(runID, row.key.runID)
      check.expectNew(row.key, &seen, "layer")
      let time = row.time
      let times = [
        ("min_ns", time.minimum), ("median_ns", time.median), ("p95_ns", time.percentile95),
        ("mad_ns", time.medianAbsoluteDeviation),
      ]
      guard row.workload.status == .ok else {
        let all =
          times + [
            ("median_clean_ns", time.medianClean), ("ci95_lo_ns", time.intervalLower),
            ("ci95_hi_ns", time.intervalUpper), ("mde_pct", time.detectableEffectPercent),
          ]
        for (column, value) in all {
          check.expect(
            value == nil, column, "must be empty with status \(row.workload.status.rawValue)")
        }
        return check.found
      }
      for (column, value) in times {
        check.expect(value != nil, column, "is missing with status ok")
      }
      check.expect(
        (time.intervalLower == nil) == (time.intervalUpper == nil), "ci95_hi_ns",
        "is there without the other end, or missing beside it")
      check.expectReason(
        time.intervalReason, "interval_reason", hasValue: time.intervalLower != nil, "ci95_lo_ns")
      check.expectReason(
        time.detectableEffectReason, "mde_reason", hasValue: time.detectableEffectPercent != nil,
        "mde_pct")
      check.expectReason(
        row.work.flopsReason, "flops_reason", hasValue: row.work.flopsExecuted != nil,
        "flops_executed")
      check.expectReason(
        row.work.roofReason, "roof_reason", hasValue: row.work.percentOfRoof != nil, "pct_of_roof")
      if row.key.layerIndex < 0 {
        check.expectReason(
          row.net.reconcileReason, "reconcile_reason", hasValue: row.net.reconcilePercent != nil,
          "reconcile_pct")
      } else {
        check.expectReason(
          row.net.shareReason, "share_reason", hasValue: row.net.sharePercent != nil,
          "share_of_net_pct")
      }
      return check.found
    }
  }

  static func compare(_ runID: String?) -> Rule<BackendRatioRow> {
    var seen = Seen<[AnyHashable]>("row of this pair")
    return { row in
      var check = RowCheck(runID, row.key.runID)
      check.expectNew(
        [row.key, row.baseline, row.baselineISA, row.contender, row.contenderISA], &seen,
        "contender")
      let isDecided = [.faster, .slower, .equivalent].contains(row.verdict)
      check.expect(
        isDecided == row.reason.isEmpty, "reason",
        isDecided
          ? "must be empty with verdict \(row.verdict.rawValue)"
          : "is missing with verdict \(row.verdict.rawValue)")
      let isComparable = row.verdict != .notComparable
      for (column, value) in [
        ("ratio_ci_lo", row.intervalLower), ("ratio_ci_hi", row.intervalUpper),
        ("alpha", row.alpha), ("mde_pct", row.detectableEffectPercent),
      ] {
        check.expect(
          (value != nil) == isComparable, column,
          isComparable ? "is missing" : "must be empty with verdict not-comparable")
      }
      check.expect(
        (row.ratio != nil) == (row.pairCount > 0), "ratio_median",
        row.ratio == nil ? "is missing" : "is there without pairs")
      return check.found
    }
  }
}
