import Measuring
import Testing

@Suite struct ClockReadCostTests {
  @Test("A reading in which the thread lost its CPU does not count")
  func interrupted() {
    var now: Int64 = 0
    var readings = 0
    let cost = ClockReadCost.measure {
      readings += 1
      // A second lost, once.
      now += readings == 50 ? 1_000_000_000 : 25
      return now
    }
    #expect(cost == 24 || cost == 25)
  }

  @Test("A clock that stands still costs something all the same")
  func still() { #expect(ClockReadCost.measure { 7 } == 1) }
}
