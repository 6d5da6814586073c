import Foundation
import Reporting
import Results
import Testing

@Suite struct BaselinePairsTests {
  private let key = WorkloadKey(
    runID: "r", network: "alexnet", layerIndex: 8, layer: "conv3", stage: "conv3",
    kind: "convolution", direction: .forward, backend: "simd", isa: "avx512", threads: 1,
    batch: 1, pass: .isolated, cache: .warm)

  private func samples(launches: Int, nanoseconds: Int, clock: Double = 3) -> [SampleRow] {
    (0..<launches).flatMap { launch in
      (0..<3).map { round in
        SampleRow(
          key: key, launch: launch, round: round, position: 0, seed: 1,
          block: BlockMeasurement(
            iterations: 2, startNanoseconds: 0, wallNanoseconds: 2 * (nanoseconds + 1000 * round),
            cpuUserNanoseconds: 0, cpuSystemNanoseconds: 0, faults: 0, switches: 0, migrations: 0,
            stealNanoseconds: nil, clockGHz: clock, isContaminated: round == 2, isSteady: true))
      }
    }
  }

  private var workload: WorkloadRow {
    WorkloadRow(key: key, status: .ok, repro: "alexbench run --layer conv3")
  }

  private func baseline(_ rows: [BaselineRow]) -> Baseline {
    var host = HostEnvironment()
    host.hostClass = "here"
    var build = BuildEnvironment(compiler: "Swift", configuration: "release")
    build.executable = "old"
    return Baseline(
      name: "b", rows: rows,
      environment: Environment(
        runID: "r", startedAt: "", arguments: [], seeds: [:], build: build, host: host))
  }

  private func verdict(nanoseconds: Int, clock: Double = 3) -> GateVerdict {
    let base = baseline(
      BaselinePairs.rows(
        samples: samples(launches: 12, nanoseconds: 2_000_000), workloads: [workload]))
    return judge(
      [1, 2].flatMap { attempt in
        BaselinePairs.pairs(
          base, samples: samples(launches: 12, nanoseconds: nanoseconds, clock: clock),
          workloads: [workload], attempt: attempt, code: "new", hostClass: "here",
          command: "alexbench check --baseline b")
      })
  }

  @Test("A baseline has the lower median of each launch")
  func rows() {
    let rows = BaselinePairs.rows(
      samples: samples(launches: 2, nanoseconds: 500), workloads: [workload])
    #expect(rows.map(\.launch) == [0, 1])
    #expect(rows.map(\.nanoseconds) == [1500, 1500])
    #expect(rows.map(\.contaminatedCount) == [1, 1])
  }

  @Test("Launches of a later run are held against those of the baseline")
  func pairs() {
    #expect(verdict(nanoseconds: 2_010_000).outcome == .pass)
    let slower = verdict(nanoseconds: 2_300_000)
    #expect(slower.outcome == .regression)
    #expect(slower.regressions.map(\.repro) == ["alexbench check --baseline b --layer conv3"])
    // Another clock rate.
    #expect(verdict(nanoseconds: 2_300_000, clock: 2.6).outcome == .environment)
  }

  @Test("What is wrong now fails")
  func failed() {
    let base = baseline(
      BaselinePairs.rows(
        samples: samples(launches: 12, nanoseconds: 2_000_000), workloads: [workload]))
    var bad = workload
    bad.status = .unavailable
    bad.reason = "gone"
    let rows = BaselinePairs.pairs(
      base, samples: [], workloads: [bad], attempt: 1, code: "new", hostClass: "here",
      command: "alexbench check --baseline b")
    #expect(judge(rows).outcome == .failed)
  }

  @Test("Baselines are kept by class of hosts, listed and deleted")
  func store() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-baselines-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = BaselineStore(folder: folder)
    let rows = BaselinePairs.rows(
      samples: samples(launches: 12, nanoseconds: 500), workloads: [workload])
    try store.save(baseline(rows))
    #expect(store.list().map(\.name) == ["b"])
    #expect(store.list().map(\.hostClass) == ["here"])
    #expect(try store.load("b", hostClass: "here").rows == rows)
    #expect(throws: ResultsError.self) { try store.load("b", hostClass: "there") }
    try store.delete("b", hostClass: "here")
    #expect(store.list().isEmpty)
    #expect(throws: ResultsError.self) { try store.delete("b", hostClass: "here") }
    // A file where a folder would have to be.
    try Data().write(to: URL(fileURLWithPath: folder + "/file"))
    #expect(throws: ResultsError.self) {
      try BaselineStore(folder: folder + "/file").save(baseline(rows))
    }
  }
}
