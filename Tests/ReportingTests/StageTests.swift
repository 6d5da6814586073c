import Reporting
import Results
import Testing

@Suite struct StageTests {
  private static let blas = "im2col-openblas"

  private func times(_ center: Int, count: Int = 20) -> [Int] {
    (0..<count).map { center + center * ($0 * 7 % 5 - 2) / 1000 }
  }

  /// Two steps against one that covers both.
  private func run(fusedTime: Int) -> TestRun {
    var run = TestRun()
    run.add(
      TestRun.key("conv1", index: 0, backend: Self.blas, pass: .inNet), nanoseconds: times(1000))
    run.add(
      TestRun.key("relu1", index: 1, backend: Self.blas, kind: "relu", pass: .inNet),
      nanoseconds: times(500))
    run.add(TestRun.key("conv1", index: 0, pass: .inNet), nanoseconds: times(fusedTime))
    run.add(
      TestRun.key("relu1", index: 1, kind: "relu", pass: .inNet), status: .fused,
      reason: "into conv1")
    return run
  }

  @Test("A stage is compared as the sum of its steps, however a side fuses them")
  func fused() throws {
    let run = run(fusedTime: 1200)
    let rows = compare(samples: run.samples, workloads: run.workloads)
    let stage = try #require(rows.first { $0.key.kind == "stage" })
    #expect(stage.key.layer == "conv1" && stage.key.layerIndex == 0 && stage.key.pass == .inNet)
    #expect(stage.verdict == .faster)
    #expect(abs(try #require(stage.ratio) - 0.8) < 0.005)
    #expect(stage.pairCount == 20)
    let steps = rows.filter { $0.key.kind != "stage" }
    #expect(steps.allSatisfy { $0.verdict == .notComparable })
    #expect(steps.contains { $0.reason.contains("compare the stage") })
  }

  @Test("Rounds that lack a step are left out of the sum")
  func rounds() throws {
    var run = run(fusedTime: 1200)
    run.samples.removeAll { $0.key.layer == "relu1" && $0.round >= 15 }
    let stage = try #require(
      compare(samples: run.samples, workloads: run.workloads).first { $0.key.kind == "stage" })
    #expect(stage.pairCount == 15)
  }

  @Test("A stage with a failed step, or wholly handed to another backend, has no verdict")
  func obstacles() throws {
    var failed = run(fusedTime: 1200)
    failed.workloads[0].status = .failed
    failed.workloads[0].reason = "wrong"
    let row = try #require(
      compare(samples: failed.samples, workloads: failed.workloads).first {
        $0.key.kind == "stage"
      })
    #expect(row.verdict == .notComparable)
    #expect(row.reason == "im2col-openblas: failed: conv1: wrong")

    var delegated = run(fusedTime: 1200)
    delegated.workloads[2].facts.delegatedTo = "plain"
    let handed = try #require(
      compare(samples: delegated.samples, workloads: delegated.workloads).first {
        $0.key.kind == "stage"
      })
    #expect(handed.reason == "simd handed the layer to plain")
    // In part only: the rest is the backend's own.
    delegated = run(fusedTime: 1200)
    delegated.workloads[1].facts.delegatedTo = "plain"
    let partly = try #require(
      compare(samples: delegated.samples, workloads: delegated.workloads).first {
        $0.key.kind == "stage"
      })
    #expect(partly.verdict == .faster)
  }

  @Test("A stage of a single step has no row of its own, and a plan does not pay for stages")
  func single() {
    var run = TestRun()
    for backend in [Self.blas, "simd"] {
      run.add(
        TestRun.key("conv1", index: 0, backend: backend, pass: .inNet), nanoseconds: times(1000))
    }
    let rows = compare(samples: run.samples, workloads: run.workloads)
    #expect(rows.map(\.key.kind) == ["convolution"])
    let fused = self.run(fusedTime: 1200)
    let plan = PowerAnalysis(
      samples: fused.samples, workloads: fused.workloads, effectPercent: 3)
    #expect(plan.rows.allSatisfy { $0.key.kind != "stage" })
  }
}
