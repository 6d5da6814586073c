import Measuring
import Results
import Statistics
import Testing

@Suite struct RoundPlanTests {
  private func demand(
    square: Int = 4, done: Int = 4, limit: Int = 100, round: Int = 1000, scatter: Double? = 0.1,
    slow: Int = 0, rest: Int = 0
  ) -> RoundPlan.Demand {
    RoundPlan.Demand(
      squareRounds: square, done: done, limit: limit, roundNanoseconds: round, scatter: scatter,
      slowNanoseconds: slow, restNanoseconds: rest)
  }

  private func wish(_ count: Int = 1, isHeavy: Bool = true) -> RoundPlan.Wish {
    RoundPlan.Wish(family: ComparisonFamily(count: count), isHeavy: isHeavy)
  }

  private func cost(_ plan: RoundPlan, _ groups: [RoundPlan.Demand]) -> Int {
    zip(plan.goals, groups).reduce(0) { sum, item in
      let (goal, group) = item
      return sum + (goal.rounds - group.done) * group.roundNanoseconds + group.restNanoseconds
        + goal.blocks * group.slowNanoseconds
    }
  }

  @Test("Whole squares fill the time, and leave room for what comes after the rounds")
  func fills() {
    let groups = [demand(rest: 5000), demand(square: 6, done: 5, round: 3000, slow: 700)]
    let plan = RoundPlan(
      groups.map { ($0, wish()) }, slowBlocks: 3, nanoseconds: 200_000)
    #expect(cost(plan, groups) <= 200_000)
    #expect(cost(plan, groups) > 200_000 - 6 * 3000)
    for (goal, group) in zip(plan.goals, groups) {
      #expect(goal.rounds.isMultiple(of: group.squareRounds) && goal.rounds >= group.done)
    }
  }

  @Test("Without time there is one square of each, and a block of what takes no turns")
  func tooLate() {
    let groups = [demand(done: 1), demand(square: 6, done: 7, slow: 700)]
    let plan = RoundPlan(groups.map { ($0, wish()) }, slowBlocks: 3, nanoseconds: 0)
    #expect(plan.goals.map(\.rounds) == [4, 12])
    #expect(plan.goals.map(\.blocks) == [1, 1])
  }

  @Test("No group goes beyond its limit, however much time there is")
  func limit() {
    let groups = [demand(limit: 12), demand(limit: 30)]
    let plan = RoundPlan(groups.map { ($0, wish()) }, slowBlocks: 3, nanoseconds: .max / 4)
    #expect(plan.goals.map(\.rounds) == [12, 28])
  }

  @Test("First everyone gets what a verdict takes, then whoever scatters most")
  func scatter() {
    let groups = [demand(limit: 1000, scatter: 0.2), demand(limit: 1000, scatter: 0.02)]
    let family = wish(100)
    let enough = family.roundCount
    let scarce = RoundPlan(
      groups.map { ($0, family) }, slowBlocks: 3, nanoseconds: 2 * (enough + 3) * 1000)
    #expect(scarce.goals.allSatisfy { $0.rounds >= enough })
    let ample = RoundPlan(groups.map { ($0, family) }, slowBlocks: 3, nanoseconds: 400_000)
    #expect(ample.goals[0].rounds > 3 * ample.goals[1].rounds)
    #expect(ample.goals[1].rounds >= enough)
  }

  @Test("More comparisons take more rounds, light layers fewer than heavy ones")
  func wishes() {
    #expect(wish(200).roundCount > wish(8).roundCount)
    #expect(wish(200, isHeavy: false).roundCount < wish(200).roundCount)
    // 1 + log₂(N ∕ 0.05), rounded up.
    #expect(ComparisonFamily(count: 96).pairCount(rank: 1) == 12)
    #expect(ComparisonFamily(count: 1).pairCount(rank: 1) == 6)
  }

  @Test("What takes no turns gets further blocks where those make an interval")
  func blocks() {
    let groups = [demand(limit: 20, slow: 10)]
    func goal(_ comparisons: Int, isHeavy: Bool) -> RoundPlan.Goal {
      RoundPlan(
        groups.map { ($0, wish(comparisons, isHeavy: isHeavy)) }, slowBlocks: 3,
        nanoseconds: 1_000_000
      ).goals[0]
    }
    func blocks(_ comparisons: Int) -> Int { goal(comparisons, isHeavy: false).blocks }
    #expect(blocks(1) == 3)
    let family = ComparisonFamily(count: 200)
    #expect(!family.hasRankInterval(3, 20) && family.hasRankInterval(4, 20))
    #expect(blocks(200) == 4)
    // A heavy one gets rounds enough for the blocks that it has, where there is time.
    let wide = [demand(limit: 200, round: 1000, scatter: 0, slow: 10), demand(limit: 200)]
    let plan = RoundPlan(
      wide.map { ($0, wish(200)) }, slowBlocks: 3, nanoseconds: 200_000)
    #expect(family.hasRankInterval(3, plan.goals[0].rounds) && plan.goals[0].blocks == 3)
  }

  @Test("Groups are held together as far as a third of the memory goes, otherwise one by one")
  func held() {
    let sizes = [100, 100, 100, 400, 50, 50]
    #expect(HeldGroups.divide(byteCounts: sizes, memory: 1000) == [0..<3, 3..<4, 4..<6])
    #expect(HeldGroups.divide(byteCounts: sizes, memory: 100) == (0..<6).map { $0..<$0 + 1 })
    #expect(HeldGroups.divide(byteCounts: sizes, memory: nil) == [0..<6])
    #expect(HeldGroups.divide(byteCounts: [], memory: 10).isEmpty)
  }

  @Test("The rounds of a group are spread over the run")
  func spread() throws {
    var options = try smallOptions()
    options.rounds = 8
    let record = try run(options, [WrappedBackend(name: "a"), WrappedBackend(name: "b")])
    let visits = record.samples.map(\.key.layer).reduce(into: [String]()) { visits, layer in
      if visits.last != layer { visits.append(layer) }
    }
    #expect(visits == ["conv", "net", "conv", "net", "conv", "net", "conv", "net"])
    for row in record.workloads {
      #expect(record.samples.filter { $0.key == row.key }.map(\.round) == Array(0..<8))
    }
  }
}
