import Foundation
import GoldenSupport
import Reporting
import Results
import Statistics
import Testing

struct ReplayTests {
  /// Two names of one backend on 24 layers: rounds drift together and remember each other, each
  /// block scatters on its own with a heavy right tail.
  private static func recording(rounds: Int = 400, bias: Double = 1, seed: UInt64 = 5) -> Recording
  {
    var generator = SplitMix64(seed: seed)
    return Recording(
      workloads: (0..<24).map { layer in
        var drift = 0.0
        var times: [String: [Double]] = [:]
        for _ in 0..<rounds {
          drift = 0.9 * drift + 0.02 * (generator.uniform() - 0.5)
          for (name, factor) in [("simd", 1), ("simd#2", bias)] {
            let spike = generator.uniform() < 0.04 ? 0.1 * generator.exponential() : 0
            let scatter = 0.004 * generator.exponential() + spike
            times[name, default: []].append(
              factor * Double(1000 * (layer + 1)) * exp(drift + scatter))
          }
        }
        return Recording.Workload(times: times)
      })
  }

  private func options(_ rounds: Int, runs: Int) -> ReplayOptions {
    ReplayOptions(baseline: "simd", contender: "simd#2", roundCount: rounds, runCount: runs)
  }

  @Test(
    "Equal backends are called different in at most 5 % of runs; the promised effect is detected",
    arguments: [14, 20, 42, 60])
  func promises(rounds: Int) throws {
    let runs = Campaign.count(400)
    let replayed = replay(Self.recording(), options(rounds, runs: runs))
    let result = try #require(replayed)
    #expect(result.runCount == runs)
    #expect(result.trialCount == 24 * runs)
    #expect(
      result.familyWiseRate <= 0.05 + 2 * (0.05 * 0.95 / Double(runs)).squareRoot(),
      "\(result)")
    #expect(abs(result.detectionRate - 0.95) <= 0.03, "\(result)")
    #expect(result.medianEffectPercent > 0.3 && result.medianEffectPercent < 30, "\(result)")
  }

  @Test("More rounds detect smaller effects")
  func moreRounds() throws {
    let recording = Self.recording()
    let few = replay(recording, options(20, runs: 20))
    let many = replay(recording, options(200, runs: 20))
    #expect(
      try #require(many).medianEffectPercent < 0.5 * (try #require(few).medianEffectPercent))
  }

  @Test("Backends that do differ are found, so the false rate can be other than 0")
  func biased() throws {
    let replayed = replay(Self.recording(bias: 1.05), options(42, runs: 20))
    #expect(try #require(replayed).familyWiseRate == 1)
  }

  @Test("Centred, a lasting difference of the two names does not count, the scatter does")
  func centered() throws {
    var options = options(42, runs: 100)
    options.isCentered = true
    let replayed = replay(Self.recording(bias: 1.05), options)
    let result = try #require(replayed)
    #expect(result.familyWiseRate <= 0.05 + 2 * (0.05 * 0.95 / 100).squareRoot(), "\(result)")
    #expect(abs(result.detectionRate - 0.95) <= 0.03, "\(result)")
  }

  @Test("The seed decides")
  func seed() {
    let recording = Self.recording(rounds: 60)
    var options = options(20, runs: 10)
    let first = replay(recording, options)
    #expect(first == replay(recording, options))
    options.seed = 2
    #expect(first != replay(recording, options))
  }

  @Test("Too few rounds for the family, or names that are not there, are no result")
  func nothing() {
    let recording = Self.recording(rounds: 60)
    #expect(replay(recording, options(9, runs: 1)) == nil)
    #expect(replay(recording, options(10, runs: 1)) != nil)
    var larger = options(10, runs: 1)
    larger.family = 1000
    #expect(replay(recording, larger) == nil)
    var other = options(20, runs: 1)
    other.contender = "winograd"
    #expect(replay(recording, other) == nil)
  }

  @Test("A recording holds the rounds that all backends have, per workload")
  func recording() {
    var run = TestRun()
    run.add(TestRun.key("conv1", index: 0), nanoseconds: [10, 20, 30, 40], iterations: 2)
    run.add(TestRun.key("conv1", index: 0, backend: "simd#2"), nanoseconds: [11, 21, 31])
    run.add(TestRun.key("conv2", index: 1), nanoseconds: [1, 2])
    run.add(TestRun.netKey(), nanoseconds: [5])
    let recording = Recording(samples: run.samples, backends: ["simd", "simd#2"])
    #expect(recording.workloads.map(\.times) == [["simd": [5, 10, 15], "simd#2": [11, 21, 31]]])
  }
}

extension SplitMix64 {
  /// In 0 ..< 1.
  fileprivate mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
  fileprivate mutating func exponential() -> Double { -log(1 - uniform()) }
}
