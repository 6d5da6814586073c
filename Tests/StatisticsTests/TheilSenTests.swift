import Statistics
import Testing

struct TheilSenTests {
  @Test("A wild point does not bend the slope")
  func slope() {
    // scipy.stats.theilslopes gives 2.0.
    let values = [1.0, 3.5, 4.0, 7.25, 8.0, 30.0, 12.5]
    #expect(theilSenSlope(values.enumerated().map { (x: Double($0), y: $1) }) == 2.0)
  }

  @Test("Points at one place have no slope")
  func degenerate() {
    #expect(theilSenSlope([]) == nil)
    #expect(theilSenSlope([(x: 1, y: 2)]) == nil)
    #expect(theilSenSlope([(x: 1, y: 2), (x: 1, y: 3)]) == nil)
  }

  @Test("A level line has slope 0")
  func level() { #expect(theilSenSlope([(x: 0, y: 5), (x: 1, y: 5), (x: 3, y: 5)]) == 0) }
}
