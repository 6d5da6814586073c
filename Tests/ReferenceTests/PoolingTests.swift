import Networks
import Reference
import Tensors
import Testing

@Suite("Reference pooling")
struct PoolingTests {
  private func pool(
    _ method: PoolingSpec.Method, kernel: Int, stride: Int, pad: Int = 0, h: Int, w: Int,
    _ values: [Float]
  ) throws -> ReferenceResult {
    let spec = PoolingSpec(
      method: method, kernel: Extent(kernel), stride: Extent(stride), pad: Extent(pad))
    return try SingleLayer(.pooling(spec), input: Shape([1, 1, h, w])).forward(values)
  }

  @Test("sizes round up, and the last window is clipped to the input")
  func roundsUp() throws {
    let result = try pool(.max, kernel: 3, stride: 2, h: 6, w: 7, counting(42))
    #expect(result.shape == Shape([1, 1, 3, 3]))
    #expect(result.values == [17, 19, 21, 31, 33, 35, 38, 40, 42])
    #expect(result.bounds.allSatisfy { $0 == 0 })
  }

  @Test("a last window that starts in the padding is dropped")
  func dropsWindowInPadding() throws {
    let result = try pool(.max, kernel: 2, stride: 2, pad: 1, h: 5, w: 5, counting(25))
    #expect(result.shape == Shape([1, 1, 3, 3]))
    #expect(result.values == [1, 3, 5, 11, 13, 15, 21, 23, 25])
  }

  @Test("the average counts padding, but not what lies beyond it")
  func averageSize() throws {
    // 3×3 windows with stride 2 on 6×6, padded by 1: four per axis, starting at −1, 1, 3, 5.
    let ones = [Float](repeating: 1, count: 36)
    let result = try pool(.average, kernel: 3, stride: 2, pad: 1, h: 6, w: 6, ones)
    #expect(result.shape == Shape([1, 1, 4, 4]))
    // The last window holds 1 value; it is cut at 7, so its size is 2 × 2.
    let across: [Double] = [2.0 / 3, 1, 1, 1.0 / 2]
    for p in 0..<4 {
      for q in 0..<4 {
        let error = abs(result.values[p * 4 + q] - across[p] * across[q])
        #expect(error < 1e-15)
      }
    }
    let bound = 6 * 0x1p-24 * 4 / 9  // 4 values
    #expect(result.bounds[0] == bound)
  }

  @Test("a maximum over nothing is −FLT_MAX")
  func emptyWindow() throws {
    let result = try pool(.max, kernel: 1, stride: 3, h: 5, w: 6, counting(30))
    let nothing = -Double(Float.greatestFiniteMagnitude)
    #expect(result.shape == Shape([1, 1, 3, 3]))
    #expect(result.values == [1, 4, nothing, 19, 22, nothing, nothing, nothing, nothing])
  }

  @Test("a global window covers the input, whatever the kernel says", arguments: [3, 4])
  func global(h: Int) throws {
    let spec = PoolingSpec(method: .average, kernel: .one, isGlobal: true)
    let layer = try SingleLayer(.pooling(spec), input: Shape([1, 2, h, 2]))
    let result = layer.forward(counting(4 * h))
    #expect(result.shape == Shape([1, 2, 1, 1]))
    let averages = [Double(2 * h + 1) / 2, Double(6 * h + 1) / 2]
    #expect(result.values == averages)
  }
}
