import Statistics
import Testing

@Suite struct SignedRankTests {
  @Test("The distribution is that of all assignments of signs", arguments: 0...12)
  func distribution(count: Int) {
    let largest = count * (count + 1) / 2
    var counts = [Int](repeating: 0, count: largest + 2)
    for signs in 0..<(1 << count) {
      counts[(0..<count).reduce(0) { $0 + (signs >> $1 & 1 == 1 ? $1 + 1 : 0) }] += 1
    }
    let tails = SignedRank.tails(count: count)
    #expect(tails.count == largest + 2)
    for least in 0...largest + 1 {
      let share = Double(counts[least...].reduce(0, +)) / Double(1 << count)
      #expect(tails[least] == share)
    }
  }

  @Test("Published critical values: 10 values, 0.0420 at 45; 12 values, 0.0461 at 61")
  func published() {
    // Conover, Practical Nonparametric Statistics, table A12, has the quantiles.
    #expect(abs(SignedRank.tails(count: 10)[45] - 0.0420) < 0.0001)
    #expect(abs(SignedRank.tails(count: 12)[61] - 0.0461) < 0.0001)
  }

  @Test("The interval holds the ratios that the test does not refuse")
  func duality() throws {
    var generator = SplitMix64(seed: 3)
    for count in 5...14 {
      let ratios = (0..<count).map { _ in 0.9 + Double(generator.next(below: 1000)) / 4000 }
      let ratio = try #require(LaunchRatio(ratios))
      for alpha in [0.05, 0.025, 0.01] {
        guard let lower = ratio.lower(alpha: alpha) else {
          #expect(ratio.pValue(beyond: 0.5) > alpha)
          continue
        }
        #expect(ratio.pValue(beyond: lower * (1 - 1e-9)) <= alpha)
        #expect(ratio.pValue(beyond: lower * (1 + 1e-9)) > alpha)
      }
    }
  }

  @Test("Swapping the sides gives the reciprocals")
  func swapped() throws {
    let ratios = [1.25, 2, 0.5, 1.5, 4, 0.8, 1]
    let one = try #require(LaunchRatio(ratios))
    let other = try #require(LaunchRatio(ratios.map { 1 / $0 }))
    #expect(abs(one.estimate * other.estimate - 1) < 1e-12)
    let lower = try #require(one.lower(alpha: 0.05))
    let upper = try #require(other.upper(alpha: 0.05))
    #expect(abs(lower * upper - 1) < 1e-12)
    let spread = try #require(LaunchRatio.spread(ratios))
    #expect(abs(spread - LaunchRatio.spread(ratios.map { 1 / $0 })!) < 1e-12)
  }

  @Test("Five launches are too few for 1 in 50, six are not")
  func least() throws {
    #expect(LaunchRatio([]) == nil)
    #expect(try #require(LaunchRatio([1, 2, 3, 4, 5])).lower(alpha: 0.02) == nil)
    #expect(try #require(LaunchRatio([1, 2, 3, 4, 5, 6])).lower(alpha: 0.02) == 1)
    #expect(LaunchRatio.spread([1, 1.1]) == nil)
  }
}

@Suite struct StagedTestTests {
  private let test = StagedTest(looks: [.init(count: 8, share: 0.5), .init(count: 12, share: 0.5)])

  @Test("What was measured beyond a look is one more, and what is not planned is not looked at")
  func looks() {
    #expect(test.looks(count: 0).isEmpty)
    #expect(test.looks(count: 5) == [.init(count: 5, share: 0.5)])
    #expect(test.looks(count: 8) == [.init(count: 8, share: 0.5)])
    #expect(test.looks(count: 10).map(\.count) == [8, 10])
    #expect(test.looks(count: 40) == test.looks)
  }

  @Test("More launches in the first stage, or more error, need a smaller effect")
  func detectable() {
    let usual = test.detectableSpreads(firstCount: 6, alpha: 0.05)
    #expect(usual.proven > 0.5 && usual.proven < 10)
    #expect(usual.seen > 0.1 && usual.seen < usual.proven)
    let more = test.detectableSpreads(firstCount: 20, alpha: 0.05)
    #expect(more.proven < usual.proven && more.seen < usual.seen)
    #expect(test.detectableSpreads(firstCount: 6, alpha: 0.005).proven > usual.proven)
    #expect(test.detectableSpreads(firstCount: 6, alpha: 1e-9).proven > 1e6)
  }
}
