import Foundation
import Results

/// Rows whose values are all different, so that a swapped column shows.
enum SampleRows {
  static func key(_ layer: String = "conv1", index: Int = 0) -> WorkloadKey {
    WorkloadKey(
      runID: "20260102T030405Z-abcdef", network: "alexnet", layerIndex: index, layer: layer,
      stage: "conv1", kind: "convolution", direction: .forward, backend: "simd", isa: "avx2",
      threads: 2, batch: 10, pass: .inNet, cache: .coldWeights)
  }

  static let sample = SampleRow(
    key: key(), launch: 1, round: 2, position: 3, seed: .max,
    block: BlockMeasurement(
      iterations: 4, startNanoseconds: 5, wallNanoseconds: 6, cpuUserNanoseconds: 7,
      cpuSystemNanoseconds: 8, faults: 9, switches: 10, migrations: 11, stealNanoseconds: 12,
      clockGHz: 3.1, isContaminated: true, isSteady: false))

  static let workload: WorkloadRow = {
    var facts = WorkloadFacts()
    facts.implementation = "f32-conv-direct-14x32-avx512"
    facts.kernelID = "avx512"
    facts.layout = "nChw16c"
    facts.tile = "14x32"
    facts.delegatedTo = "simd"
    facts.firstNanoseconds = 1
    facts.prepareNanoseconds = 2
    facts.reorderInNanoseconds = 3
    facts.reorderOutNanoseconds = 4
    facts.workspaceBytes = 5
    facts.weightBytes = 6
    facts.peakRSSBytes = 7
    facts.executedFLOPs = 8
    facts.executedBytes = 9
    return WorkloadRow(
      key: key(), status: .failed, reason: "error, 1.5 × the \"bound\"\nat [0, 1]", facts: facts,
      check: CheckFacts(maxAbsError: 1e-7, nrmse: 0.1, errorBound: .leastNonzeroMagnitude),
      repro: " alexbench run --layer conv1")
  }()

  static let layer: LayerRow = {
    var row = LayerRow(
      runID: "r", network: "alexnet", layerIndex: -1, layer: "net", stage: "", kind: "network",
      batch: 1, inputShape: "1x3x227x227", outputShape: "1x1000", problem: "", multiplyAdds: 1,
      flops: 2, parameters: 3, inputBytes: 4, outputBytes: 5, weightBytes: 6)
    row.direction = .backwardData
    return row
  }()

  static let roofs = [
    RoofRow(
      runID: "r", level: .multiplyAdd, isa: "avx512", threads: 2, value: 118.5, median: 117.25,
      probeCount: 3),
    RoofRow(
      runID: "r", level: .level2, isa: "avx2", threads: 1, value: 60.5, median: 59, probeCount: 4,
      workingSetBytes: 131_072, capacityBytes: 524_288, loop: "2 streams; no prefetch"),
  ]

  static let phase = PhaseRow(
    key: key(), phase: "gemm", callCount: 5, nanoseconds: 12345, sharePercent: 100.0 / 3)

  static let plan = PlanRow(
    key: key(), tile: "4", nanoseconds: 678, isChosen: true,
    origin: PlanOrigin(hostClass: "h", program: "01", graph: "02"))

  static let summary: SummaryRow = {
    var row = SummaryRow(workload: workload)
    row.launchCount = 1
    row.roundCount = 2
    row.contaminatedCount = 3
    row.time.minimum = 4.5
    row.time.median = 5.5
    row.time.medianClean = 1.0 / 3
    row.time.intervalLower = 6.5
    row.time.intervalUpper = 7.5
    row.time.intervalReason = "a"
    row.time.percentile95 = 8.5
    row.time.medianAbsoluteDeviation = 9.5
    row.time.detectableEffectPercent = 10.5
    row.time.detectableEffectReason = "b"
    row.work.flopsAlgorithmic = 11
    row.work.flopsExecuted = 12
    row.work.flopsReason = "c"
    row.work.bytes = 13
    row.work.gigaflopsPerSecond = 14.5
    row.work.gigabytesPerSecond = 15.5
    row.work.intensity = 16.5
    row.work.percentOfRoof = 17.5
    row.work.bound = "compute"
    row.work.roofReason = "d"
    row.net.sharePercent = 18.5
    row.net.shareReason = "e"
    row.net.reconcilePercent = -19.5
    row.net.reconcileReason = "f"
    return row
  }()

  static let compare: BackendRatioRow = {
    var pair = key()
    pair.backend = ""
    pair.isa = ""
    var row = BackendRatioRow(
      key: pair, baseline: "im2col-openblas", baselineISA: "haswell", contender: "simd",
      contenderISA: "avx2", scope: .host, verdict: .notComparable, reason: "few, too few")
    row.pairCount = 4
    row.ratio = 0.5
    row.intervalLower = 0.25
    row.intervalUpper = 0.75
    row.correction = "bonferroni over 96"
    row.alpha = 0.05 / 96
    row.detectableEffectPercent = 1.0 / 3
    return row
  }()

  static let environment: Environment = {
    var host = HostEnvironment()
    host.cpu.vendor = "GenuineIntel"
    host.cpu.flags = ["fma", "avx2"]
    host.caches = [
      CacheEnvironment(level: 2, type: "unified", byteCount: 1 << 20, lineByteCount: 64, count: 2)
    ]
    host.environment = ["OMP_NUM_THREADS": "2"]
    host.loadAverage = [0.5, 0.25, 0]
    host.hostClass = "some-host"
    return Environment(
      runID: "r", startedAt: "2026-01-02T03:04:05Z", arguments: ["alexbench", "run"],
      seeds: ["weights": .max], build: BuildEnvironment(compiler: "Swift", configuration: "debug"),
      host: host,
      libraries: [LibraryEnvironment(name: "blas", path: "/lib/x", version: "1", kernel: "k")],
      warnings: ["careful"])
  }()
}

/// A folder that goes away with the object.
final class TemporaryFolder {
  let path: String
  init() throws {
    path = NSTemporaryDirectory() + "alexbench-results-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}
