import Tensors
import Testing

@Suite("Largest values")
struct LargestTests {
  @Test("They come best first with positions in the slice, of equals the first")
  func order() {
    let values: [Float] = [9, 1, 5, 3, 5, 2]
    let best = largest(3, of: values[1...])
    #expect(best.map(\.index) == [1, 3, 2])
    #expect(best.map(\.value) == [5, 5, 3])
    #expect(largest(5, of: [Float(4)][...]).map(\.index) == [0])
  }
}
