import Reporting
import Results
import Testing

struct PowerAnalysisTests {
  /// Two backends on a quiet and on a noisy layer, 1 s per round and layer.
  private static let run: TestRun = {
    var run = TestRun()
    for (index, layer) in ["conv1", "conv2"].enumerated() {
      for backend in ["im2col-openblas", "simd"] {
        let amplitude = backend == "simd" ? 1_000_000 * (1 + 9 * index) : 0
        let times = (0..<20).map { 100_000_000 + amplitude * (($0 * 7) % 5 - 2) }
        run.add(TestRun.key(layer, index: index, backend: backend), nanoseconds: times)
      }
    }
    for index in run.samples.indices {
      run.samples[index].block.startNanoseconds = 1_000_000_000 * run.samples[index].round
    }
    return run
  }()

  private func plan(_ percent: Double) -> PowerAnalysis {
    PowerAnalysis(
      samples: Self.run.samples, workloads: Self.run.workloads, effectPercent: percent)
  }

  @Test("A noisy layer needs more rounds than a quiet one, a small effect more than a large one")
  func counts() throws {
    let plan = plan(3)
    #expect(plan.family == 2)
    #expect(plan.rows.map(\.key.layer) == ["conv1", "conv2"])
    #expect(plan.rows.map(\.pairCount) == [20, 20])
    let quiet = try #require(plan.rows[0].neededCount)
    let noisy = try #require(plan.rows[1].neededCount)
    #expect(quiet < noisy)
    #expect(plan.neededCount == noisy)
    #expect(try #require(self.plan(30).rows[1].neededCount) < noisy)
    // What 20 rounds detect agrees with whether 20 rounds are enough.
    for row in plan.rows {
      let now = try #require(row.detectablePercent)
      #expect((now <= 3) == (try #require(row.neededCount) <= 20))
    }
  }

  @Test("Minutes are rounds times what a round took in the run")
  func minutes() throws {
    for row in plan(3).rows {
      // 19 s from the first to the last round, and the last block.
      let perRound = (19.0 + 0.1) / 20
      let minutes = try #require(row.minutes)
      let expected = Double(try #require(row.neededCount)) * perRound / 60
      #expect(abs(minutes - expected) < 0.02 * expected)
    }
  }

  @Test("The table names layers and pairs, and says which option to give")
  func text() throws {
    let plan = plan(3)
    let text = plan.text()
    #expect(text.hasPrefix("alexnet, batch 2, 1 thread\nlayer"))
    #expect(text.contains("conv2  simd (avx2) / im2col-openblas (avx2)  20 rounds"))
    let count = try #require(plan.neededCount)
    #expect(text.replacing("\n", with: " ").contains("--rounds \(count),"))
    #expect(text.contains("2 comparisons"))
  }

  @Test("An effect that the scatter hides has no number of rounds")
  func hopeless() {
    let plan = plan(0.000_001)
    #expect(plan.rows[1].neededCount == nil)
    #expect(plan.rows[1].minutes == nil)
    #expect(plan.neededCount == nil)
    #expect(plan.text().contains("> \(PowerAnalysis.limit)"))
    #expect(plan.text().contains("scatters too much"))
  }

  @Test("A run with nothing to compare says what it takes")
  func nothing() {
    let plan = PowerAnalysis(samples: [], workloads: [], effectPercent: 3)
    #expect(plan.rows.isEmpty)
    #expect(plan.text().contains("two backends"))
  }
}
