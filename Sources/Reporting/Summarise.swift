import Networks
import Results
import Statistics

/// Sums a run up: `summary.csv` as a function of the other files.
///
/// The same rows give the same text on every machine: order statistics, and + − × ÷ √ of doubles.
/// Rows come out in the order of `workloads`; a row that is not `ok` has no time.
/// - Parameter roofs: empty for a run without them; rows then say that there are none.
package func summarise(
  samples: [SampleRow], workloads: [WorkloadRow], layers: [LayerRow], roofs: [RoofRow] = []
) -> [SummaryRow] {
  let roofs = Roofs(roofs)
  let blocks = Dictionary(grouping: samples, by: \.key)
  let geometry = Dictionary(layers.map { (GeometryKey($0), $0) }, uniquingKeysWith: { a, _ in a })
  var rows = workloads.map { workload in
    var row = SummaryRow(workload: workload)
    let layer = geometry[GeometryKey(workload.key)]?.kept(in: workload.facts.precision)
    row.work = workSummary(of: workload, layer: layer)
    guard workload.status == .ok else { return row }
    let own = blocks[workload.key] ?? []
    row.launchCount = Set(own.map(\.launch)).count
    row.roundCount = Set(own.map(RoundKey.init)).count
    row.contaminatedCount = own.count { $0.block.isContaminated }
    row.time = timeSummary(own)
    addRates(to: &row)
    if let layer { addRoof(to: &row, layer: layer, roofs: roofs) }
    return row
  }
  let reconciliation = Reconciliation(samples)
  let nets = Dictionary(grouping: rows.filter { $0.key.pass == .net }) { NetKey($0.key) }
  for index in rows.indices where rows[index].workload.status == .ok {
    // A library's layers may name another instruction set each; then the backend's only net is
    // meant.
    let candidates = nets[NetKey(rows[index].key)] ?? []
    let net =
      candidates.first { $0.key.isa == rows[index].key.isa }
      ?? (candidates.count == 1 ? candidates[0] : nil)
    addNet(to: &rows[index], netMedian: net?.time.median, reconciliation)
  }
  return rows
}

/// What `layers.csv` is looked up by.
struct GeometryKey: Hashable {
  var network: String
  var layerIndex: Int
  var layer: String
  var kind: String
  var direction: Direction
  var batch: Int

  init(_ key: WorkloadKey) {
    network = key.network
    layerIndex = key.layerIndex
    layer = key.layer
    kind = key.kind
    direction = key.direction
    batch = key.batch
  }

  init(_ row: LayerRow) {
    network = row.network
    layerIndex = row.layerIndex
    layer = row.layer
    kind = row.kind
    direction = row.direction
    batch = row.batch
  }
}

struct RoundKey: Hashable {
  var launch: Int
  var round: Int
  init(_ sample: SampleRow) {
    launch = sample.launch
    round = sample.round
  }
}

/// What a layer and its net have in common, besides the instruction set.
struct NetKey: Hashable {
  var network: String
  var direction: Direction
  var backend: String
  var threads: Int
  var batch: Int
  init(_ key: WorkloadKey) {
    network = key.network
    direction = key.direction
    backend = key.backend
    threads = key.threads
    batch = key.batch
  }
}

private func timeSummary(_ samples: [SampleRow]) -> TimeSummary {
  var time = TimeSummary()
  guard let all = OrderStatistics(samples.map(\.timePerCall)) else {
    time.intervalReason = "no block was timed"
    time.detectableEffectReason = "no block was timed"
    return time
  }
  time.minimum = all.minimum
  time.median = all.median
  time.percentile95 = all.percentile95
  time.medianAbsoluteDeviation = all.medianAbsoluteDeviation
  time.medianClean =
    OrderStatistics(samples.filter { !$0.block.isContaminated }.map(\.timePerCall))?.median

  let replicates = RoundTimes(samples).replicates
  guard let design = DetectionDesign(count: replicates.times.count, confidence: 0.95),
    let spread = RatioSpread(replicates.times)
  else {
    time.intervalReason =
      "\(replicates.scope.count(replicates.times.count)), a 95 % interval takes 6"
    time.detectableEffectReason = time.intervalReason
    return time
  }
  time.intervalLower = replicates.times[design.ranks.lower - 1]
  time.intervalUpper = replicates.times[design.ranks.upper - 1]
  time.detectableEffectPercent = 100 * design.detectableEffect(spread)
  return time
}

private func workSummary(of workload: WorkloadRow, layer: LayerRow?) -> WorkSummary {
  var work = WorkSummary()
  guard let layer else {
    if workload.status == .ok {
      work.flopsReason =
        workload.key.kind == "reorder"
        ? "a change of layout is no layer" : "layers.csv has no row of this layer and batch"
      work.roofReason = work.flopsReason
    }
    return work
  }
  work.flopsAlgorithmic = layer.flops
  work.bytes = layer.inputBytes + layer.outputBytes + layer.weightBytes
  guard workload.status == .ok else { return work }
  if workload.hasExecutedColumn {
    work.flopsExecuted = workload.facts.executedFLOPs
    if work.flopsExecuted == nil {
      work.flopsReason = "the backend does not say which operations it executes"
    }
  } else if isDirectByName(workload) {
    work.flopsExecuted = layer.flops
  } else {
    work.flopsReason = "the transforms' operations are not counted yet"
  }
  return work
}

/// Whether as many operations ran as the direct algorithm has, in a run from before backends said
/// how many they execute: all but Winograd methods did. What was handed on names its own
/// implementation; a net of the `winograd` backend is a mixture.
private func isDirectByName(_ workload: WorkloadRow) -> Bool {
  if workload.facts.implementation.contains("winograd") { return false }
  return workload.key.kind != "network" || !workload.key.backend.contains("winograd")
}

private func addRates(to row: inout SummaryRow) {
  guard let median = row.time.median, median > 0, let bytes = row.work.bytes,
    let flops = row.work.flopsAlgorithmic
  else { return }
  // Per nanosecond = giga per second.
  row.work.gigaflopsPerSecond = Double(flops) / median
  row.work.gigabytesPerSecond = Double(bytes) / median
  if bytes > 0 { row.work.intensity = Double(flops) / Double(bytes) }
}

private func addRoof(to row: inout SummaryRow, layer: LayerRow, roofs: Roofs) {
  do throws(Roofs.Missing) {
    let limit = try roofs.limit(of: row.key, layer: layer)
    guard let median = row.time.median, median > 0 else {
      throw Roofs.Missing(reason: "no block was timed")
    }
    row.work.percentOfRoof = 100 * limit.nanoseconds / median
    row.work.bound = limit.bound
  } catch {
    row.work.roofReason = error.reason
  }
}

private func addNet(
  to row: inout SummaryRow, netMedian: Double?, _ reconciliation: Reconciliation
) {
  guard row.key.pass != .net else {
    row.net.reconcilePercent = reconciliation.percent(of: row.key)
    if row.net.reconcilePercent == nil {
      row.net.reconcileReason = "the steps inside the net were not timed in the same rounds"
    }
    return
  }
  guard let median = row.time.median else { return }
  if let netMedian, netMedian > 0 {
    row.net.sharePercent = 100 * median / netMedian
  } else {
    row.net.shareReason = "the net was not measured"
  }
}
