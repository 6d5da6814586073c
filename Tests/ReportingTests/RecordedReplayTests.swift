import Foundation
import GoldenSupport
import Reporting
import Statistics
import Testing

/// Promises about verdicts, tried on rounds that were really measured: Tests/Golden/aa-rounds.csv.
struct RecordedReplayTests {
  private static let names = ["simd", "simd@2"]

  /// One instance of a backend under two names, 400 rounds of each layer.
  private static func recording() throws -> Recording {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Golden/aa-rounds.csv")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst()
    let layers = Dictionary(grouping: lines.map { $0.split(separator: ",") }) { $0[0] }
    return Recording(
      workloads: try layers.sorted { $0.key < $1.key }.map { _, rows in
        let first = try rows.map { row in try #require(Double(row[1])) }
        let second = try rows.map { row in try #require(Double(row[2])) }
        return Recording.Workload(times: [names[0]: first, names[1]: second])
      })
  }

  @Test("There are 400 rounds of every layer")
  func rounds() throws {
    let recording = try Self.recording()
    #expect(recording.workloads.count == 21)
    #expect(recording.workloads.allSatisfy { $0.times.values.allSatisfy { $0.count == 400 } })
  }

  @Test("Nothing is called different in the recording as it is")
  func asMeasured() throws {
    let workloads = try Self.recording().workloads
    let confidence = 1 - bonferroni(alpha: 0.05, family: workloads.count)
    for workload in workloads {
      let pairs = zip(workload.times[Self.names[0]] ?? [], workload.times[Self.names[1]] ?? [])
      let estimated = RatioEstimate(pairs.map { $1 / $0 }, confidence: confidence)
      let ratio = try #require(estimated)
      #expect(ratio.lower <= 1 && 1 <= ratio.upper, "\(ratio)")
    }
  }

  /// Centred, since the recording's own median is as far from 1 as that of 400 rounds may be, and
  /// what is drawn from it would inherit that.
  @Test(
    "Of runs drawn from it at most 5 % call anything different; the promised effect is detected",
    arguments: [20, 42, 100])
  func promises(rounds: Int) throws {
    let runs = Campaign.count(1000)
    let options = ReplayOptions(
      baseline: Self.names[0], contender: Self.names[1], roundCount: rounds, runCount: runs,
      isCentered: true)
    let replayed = replay(try Self.recording(), options)
    let result = try #require(replayed)
    #expect(
      result.familyWiseRate <= 0.05 + 2 * (0.05 * 0.95 / Double(runs)).squareRoot(), "\(result)")
    #expect(abs(result.detectionRate - 0.95) <= 0.03, "\(result)")
    print("REPLAY", rounds, result)
  }
}
