import Measuring
import Results
import Testing

@Suite struct ScheduleTests {
  private func schedule(
    _ nanoseconds: [Int], isSingle: [Bool]? = nil, pass: Pass = .isolated, rounds: Int = 6,
    seed: UInt64 = 1
  ) -> Schedule {
    Schedule(
      nanoseconds: nanoseconds,
      isSingle: isSingle ?? [Bool](repeating: false, count: nanoseconds.count), pass: pass,
      minimumRounds: rounds, seed: seed)
  }

  @Test("Positions and carry-over are balanced over whole squares", arguments: 2...6)
  func balance(count: Int) {
    let rounds = schedule([Int](repeating: 1000, count: count), rounds: 7).rounds
    #expect(rounds.count >= 7)
    for position in 0..<count {
      let here = Dictionary(grouping: rounds.map { $0[position] }, by: { $0 }).mapValues(\.count)
      #expect(here.count == count)
      #expect(Set(here.values).count == 1)
    }
    var followers: [[Int]: Int] = [:]
    for round in rounds {
      for (a, b) in zip(round, round.dropFirst()) { followers[[a, b], default: 0] += 1 }
    }
    #expect(followers.count == count * (count - 1))
    #expect(Set(followers.values).count == 1)
  }

  @Test("Slow and single-threaded contenders stay outside the square")
  func outside() {
    // Blocks of short calls are equally long, whatever the calls take.
    let mixed = schedule(
      [1_000, 90_000_000, 150_000_000, 100], isSingle: [false, false, false, true])
    #expect(mixed.outside == [2, 3])
    #expect(Set(mixed.rounds.flatMap(\.self)) == [0, 1])
    let slow = schedule([300_000_000, 310_000_000])
    #expect(slow.rounds.isEmpty)
    #expect(slow.outside == [0, 1])
    #expect(schedule([300_000_000, 310_000_000], pass: .net).outside.isEmpty)
  }

  @Test("A block lasts at least 5 ms")
  func iterations() {
    #expect(Schedule.iterations(nanoseconds: 10_000_000_000) == 1)
    #expect(Schedule.iterations(nanoseconds: 1_000) >= 5_000)
    for nanoseconds in [700, 30_000, 4_900_000, 5_100_000] {
      #expect(Schedule.iterations(nanoseconds: nanoseconds) * nanoseconds >= 5_000_000)
    }
  }

  @Test("The order is a function of the seed, and every launch has its own")
  func seeds() {
    let times = [Int](repeating: 1000, count: 4)
    func seed(_ launch: Int) -> UInt64 {
      Schedule.seed(
        run: 7, network: "alexnet", layer: "conv1", batch: 1, threads: 1, launch: launch)
    }
    #expect(schedule(times, seed: seed(0)) == schedule(times, seed: seed(0)))
    #expect(seed(0) != seed(1))
    #expect(
      schedule(times, rounds: 40, seed: seed(0)) != schedule(times, rounds: 40, seed: seed(1)))
  }

  @Test("Nobody left gives no rounds")
  func empty() {
    #expect(schedule([]).rounds.isEmpty)
    #expect(schedule([]).outside.isEmpty)
  }
}
