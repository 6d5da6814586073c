import Statistics
import Testing

struct WilliamsSquareTests {
  @Test("Every treatment stands equally often at each place", arguments: 1...9)
  func position(count: Int) {
    let rows = WilliamsSquare.rows(treatments: count)
    #expect(rows.count == (count == 1 || count.isMultiple(of: 2) ? count : 2 * count))
    for row in rows { #expect(row.sorted() == Array(0..<count)) }
    for place in 0..<count {
      let counts = Dictionary(grouping: rows.map { $0[place] }, by: { $0 }).mapValues(\.count)
      #expect(counts.count == count)
      #expect(Set(counts.values) == [rows.count / count])
    }
  }

  @Test("Every treatment follows every other equally often", arguments: 2...9)
  func carryOver(count: Int) {
    let rows = WilliamsSquare.rows(treatments: count)
    var counts: [[Int]: Int] = [:]
    for row in rows {
      for (before, after) in zip(row, row.dropFirst()) { counts[[before, after], default: 0] += 1 }
    }
    #expect(counts.count == count * (count - 1))
    #expect(Set(counts.values) == [rows.count / count])
  }

  @Test("The square of four is Williams's")
  func four() {
    #expect(WilliamsSquare.rows(treatments: 4)[0] == [0, 1, 3, 2])
  }

  @Test("A schedule holds whole squares and depends on the seed only")
  func schedule() {
    let schedule = WilliamsSquare.schedule(treatments: 5, minimumRounds: 12, seed: 7)
    #expect(schedule.count == 20)
    #expect(schedule == WilliamsSquare.schedule(treatments: 5, minimumRounds: 12, seed: 7))
    #expect(schedule != WilliamsSquare.schedule(treatments: 5, minimumRounds: 12, seed: 8))
    let square = WilliamsSquare.rows(treatments: 5).map(\.description).sorted()
    #expect(schedule.prefix(10).map(\.description).sorted() == square)
    #expect(schedule.suffix(10).map(\.description).sorted() == square)
    #expect(schedule.prefix(10) != schedule.suffix(10))
  }

  @Test("The generator is SplitMix64")
  func generator() {
    var generator = SplitMix64(seed: 42)
    #expect(
      [generator.next(), generator.next(), generator.next()]
        == [0xbdd7_3226_2feb_6e95, 0x28ef_e333_b266_f103, 0x4752_6757_130f_9f52])
    for _ in 0..<100 { #expect((0..<3).contains(generator.next(below: 3))) }
  }
}
