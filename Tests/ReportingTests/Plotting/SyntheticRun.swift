import Foundation
import Reporting
import Results

/// A run with data for every plot, made of plain values.
struct SyntheticRun {
  var network = "net"
  var layers = ["conv1", "relu1", "conv2", "fc3"]
  var backends = ["blas", "wino", "direct"]
  var batches = [1, 4]
  var threads = [1, 2]
  var rounds = 7

  private static let runID = "20261124T101009Z-abcdef"

  private func kind(_ layer: String) -> String {
    layer.hasPrefix("relu") ? "relu" : layer.hasPrefix("fc") ? "inner_product" : "convolution"
  }

  private func key(
    _ index: Int, _ layer: String, _ backend: String, _ batch: Int, _ threads: Int, _ pass: Pass,
    kind: String
  ) -> WorkloadKey {
    WorkloadKey(
      runID: Self.runID, network: network, layerIndex: index, layer: layer,
      stage: kind == "network" ? "" : layers[max(index, 0) / 2 * 2], kind: kind,
      direction: .forward, backend: backend, isa: "avx2", threads: threads, batch: batch,
      pass: pass, cache: .warm)
  }

  /// Writes the files of the run.
  /// - Returns: its folder.
  func write(to parent: String) throws -> String {
    var samples: [SampleRow] = []
    var workloads: [WorkloadRow] = []
    var geometry: [LayerRow] = []
    var phases: [PhaseRow] = []
    var counters: [CounterRow] = []
    func add(_ key: WorkloadKey, time: Int, number: Int) {
      var facts = WorkloadFacts()
      let isWinograd = key.backend == backends.dropFirst().first && key.kind == "convolution"
      facts.implementation = isWinograd ? "f32-conv-winograd-f4x4r3x3-avx2" : "f32-direct-avx2"
      facts.tile = isWinograd ? "F(4x4,3x3)" : ""
      if !isWinograd { facts.executedFLOPs = geometry.last?.flops }
      if key.kind == "relu", key.backend == backends.last, backends.count > 1 {
        facts.delegatedTo = backends[0]
      }
      let check = CheckFacts(
        maxAbsError: 1e-6, nrmse: key.kind == "relu" ? 0 : 1e-7 * Double(number + 1),
        errorBound: 1e-3)
      workloads.append(WorkloadRow(key: key, status: .ok, facts: facts, check: check))
      for round in 0..<rounds {
        samples.append(
          SampleRow(
            key: key, launch: 0, round: round, position: number, seed: 1,
            block: BlockMeasurement(
              iterations: 3, startNanoseconds: 0,
              wallNanoseconds: 3 * time + 17 * round * (1 + time / 1000),
              cpuUserNanoseconds: 0, cpuSystemNanoseconds: 0, faults: 0, switches: 0,
              migrations: 0, stealNanoseconds: 0, clockGHz: 3, isContaminated: round == 2,
              isSteady: true)))
      }
      guard key.pass != .inNet, key.kind != "relu" else { return }
      phases.append(
        PhaseRow(key: key, phase: "gemm", callCount: 5, nanoseconds: 700, sharePercent: 70))
      phases.append(
        PhaseRow(key: key, phase: "im2col", callCount: 5, nanoseconds: 300, sharePercent: 30))
      counters.append(
        CounterRow(
          key: key, source: "callgrind", event: "Ir", value: 7 * time, callCount: 1,
          perCall: Double(7 * time), scope: "simulated",
          status: number % 2 == 0 ? "ok" : "advisory"))
      if isWinograd {
        counters.append(
          CounterRow(
            key: key, source: CounterRow.derivedSource, event: "executed_flops", callCount: 1,
            perCall: 12345, status: "ok"))
      }
    }
    for batch in batches {
      for (index, layer) in (layers + ["net"]).enumerated() {
        let isNet = layer == "net"
        let macs = batch * (kind(layer) == "relu" ? 0 : 40_000 * (index + 1))
        geometry.append(
          LayerRow(
            runID: Self.runID, network: network, layerIndex: isNet ? -1 : index, layer: layer,
            stage: isNet ? "" : layers[index / 2 * 2], kind: isNet ? "network" : kind(layer),
            batch: batch, inputShape: "", outputShape: "", problem: "", multiplyAdds: macs,
            flops: max(2 * macs, 100), parameters: 0, inputBytes: 400 * batch,
            outputBytes: 500 * (index + 1), weightBytes: 100))
        for count in threads {
          for (number, backend) in backends.enumerated() {
            let time = 1000 * batch * (index + 3 + number % 7) / count
            guard isNet else {
              for pass in [Pass.isolated, .inNet] {
                add(
                  key(index, layer, backend, batch, count, pass, kind: kind(layer)), time: time,
                  number: number)
              }
              continue
            }
            add(
              key(-1, layer, backend, batch, count, .net, kind: "network"), time: 5 * time,
              number: number)
          }
        }
      }
    }
    for count in threads {
      for (number, backend) in backends.enumerated() where number == 0 {
        add(
          key(
            2, "\(layers[0])>reorder>\(layers.last!)", backend, batches[0], count, .inNet,
            kind: "reorder"), time: 500, number: number)
      }
    }
    let roofs = threads.flatMap { count in
      [
        RoofRow(
          runID: Self.runID, level: .multiplyAdd, isa: "avx2", threads: count, value: 61.25,
          median: 60, probeCount: 3),
        RoofRow(
          runID: Self.runID, level: .level1, isa: "avx2", threads: count, value: 123.5,
          median: 120, probeCount: 3, workingSetBytes: 100, capacityBytes: 1 << 20),
        RoofRow(
          runID: Self.runID, level: .memory, isa: "avx2", threads: count, value: 17.75,
          median: 17, probeCount: 3, workingSetBytes: 1 << 20),
      ]
    }
    let folder = try RunFolder(parent: parent)
    try folder.append(samples)
    try folder.write(workloads)
    try folder.write(geometry)
    try folder.write(roofs)
    try folder.write(
      summarise(samples: samples, workloads: workloads, layers: geometry, roofs: roofs))
    try folder.write(compare(samples: samples, workloads: workloads))
    try folder.write(phases)
    try folder.write(counters)
    var environment = Environment(
      runID: Self.runID, startedAt: "2026-11-24T10:10:09Z", arguments: ["alexbench"], seeds: [:],
      build: BuildEnvironment(
        compiler: "Swift", configuration: "release", gitCommit: "0123456789abcdef0123"),
      host: HostEnvironment())
    environment.host.cpu.brand = "Test CPU"
    try folder.write(environment)
    return folder.path
  }
}

/// A folder of its own for each test.
func withTemporaryFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
  let url = FileManager.default.temporaryDirectory
    .appendingPathComponent("alexbench-plotting-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path)
}

let hasGnuplot = (try? Gnuplot()) != nil
