import Results

/// A small run made of plain values.
struct TestRun {
  var samples: [SampleRow] = []
  var workloads: [WorkloadRow] = []
  var layers: [LayerRow] = []

  static func key(
    _ layer: String, index: Int, backend: String = "simd", isa: String = "avx2", threads: Int = 1,
    kind: String = "convolution", pass: Pass = .isolated
  ) -> WorkloadKey {
    WorkloadKey(
      runID: "r", network: "alexnet", layerIndex: index, layer: layer, stage: "conv1",
      kind: kind, direction: .forward, backend: backend, isa: isa, threads: threads, batch: 2,
      pass: pass, cache: .warm)
  }

  /// A roof of the given value.
  static func roof(
    _ level: RoofLevel, isa: String = "avx512", threads: Int = 1, _ value: Double,
    capacity: Int? = nil
  ) -> RoofRow {
    RoofRow(
      runID: "r", level: level, isa: isa, threads: threads, value: value, median: value,
      probeCount: 1, workingSetBytes: level == .multiplyAdd ? nil : 1, capacityBytes: capacity)
  }

  static func netKey(backend: String = "simd", isa: String = "avx2", threads: Int = 1)
    -> WorkloadKey
  {
    key(
      "net", index: -1, backend: backend, isa: isa, threads: threads, kind: "network", pass: .net)
  }

  mutating func addLayer(_ layer: String, index: Int, kind: String = "convolution", flops: Int) {
    layers.append(
      LayerRow(
        runID: "r", network: "alexnet", layerIndex: index, layer: layer, stage: "conv1",
        kind: kind, batch: 2, inputShape: "", outputShape: "", problem: "",
        multiplyAdds: flops / 2, flops: flops, parameters: 0, inputBytes: 100, outputBytes: 200,
        weightBytes: 700))
  }

  /// The backend says that it executes what the direct algorithm has, but for Winograd methods, of
  /// which it says nothing.
  mutating func add(
    _ key: WorkloadKey, status: Status = .ok, reason: String = "",
    implementation: String = "f32-conv-direct-14x32-avx2", delegatedTo: String = "",
    nanoseconds: [Int] = [], iterations: Int = 1, contaminated: Set<Int> = [], launches: Int = 1
  ) {
    var facts = WorkloadFacts()
    facts.implementation = implementation
    facts.delegatedTo = delegatedTo
    if !implementation.contains("winograd") {
      facts.executedFLOPs = layers.first { $0.layer == key.layer }?.flops
    }
    workloads.append(WorkloadRow(key: key, status: status, reason: reason, facts: facts))
    let perLaunch = nanoseconds.count / launches
    for (index, time) in nanoseconds.enumerated() {
      samples.append(
        SampleRow(
          key: key, launch: index / perLaunch, round: index % perLaunch, position: 0, seed: 1,
          block: BlockMeasurement(
            iterations: iterations, startNanoseconds: 0, wallNanoseconds: time,
            cpuUserNanoseconds: 0, cpuSystemNanoseconds: 0, faults: 0, switches: 0,
            migrations: 0, stealNanoseconds: nil, clockGHz: 3,
            isContaminated: contaminated.contains(index), isSteady: true)))
    }
  }
}
