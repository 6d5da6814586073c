import Tensors
import Testing

@Suite("ErrorNorms")
struct ErrorNormsTests {
  @Test("The three norms of a small example")
  func example() {
    let norms = ErrorNorms(got: [1, 2.5, -3], want: [1, 2, -4], bound: [0.1, 1, 4])
    #expect(norms.maxAbsError == 1)
    #expect(norms.nrmse == (1.25 / 21).squareRoot())
    #expect(norms.maxBoundRatio == 0.5)
  }

  @Test("Equal values have no error, even where the bound is 0")
  func exact() {
    let norms = ErrorNorms(got: [0, 3], want: [0, 3], bound: [0, 0])
    #expect(norms == ErrorNorms(got: [], want: [], bound: []))
    #expect(norms.maxBoundRatio == 0)
  }

  @Test("An error where the bound is 0 is infinitely outside")
  func zeroBound() {
    #expect(ErrorNorms(got: [1], want: [2], bound: [0]).maxBoundRatio == .infinity)
  }

  @Test("A value that is not a number can't pass, wherever it stands")
  func notANumber() throws {
    for position in 0..<3 {
      var got: [Float] = [1, 2, 3]
      got[position] = .nan
      let norms = ErrorNorms(got: got, want: [1, 2, 3], bound: [9, 9, 9])
      #expect(norms.maxAbsError.isNaN)
      #expect(try #require(norms.maxBoundRatio).isNaN)
      #expect(!(try #require(norms.maxBoundRatio) <= 1))
    }
    #expect(ErrorNorms(got: [.infinity], want: [1], bound: [1]).maxAbsError == .infinity)
  }

  @Test("Without bounds there is no ratio; a zero reference gives an infinite nrmse")
  func withoutBounds() {
    #expect(ErrorNorms(got: [1], want: [2]).maxBoundRatio == nil)
    #expect(ErrorNorms(got: [1], want: [0]).nrmse == .infinity)
  }
}
