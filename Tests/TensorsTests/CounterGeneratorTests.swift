import Tensors
import Testing

@Suite("CounterGenerator")
struct CounterGeneratorTests {
  private func values(_ seed: UInt64, _ stream: String, count: Int) -> [Float] {
    let generator = CounterGenerator(seed: seed, stream: stream)
    return (0..<count).map(generator.symmetricUnit)
  }

  @Test("The bits of a seed never change: files of old runs stay reproducible")
  func isStable() {
    let generator = CounterGenerator(seed: 1, stream: "conv1.weight")
    // Computed by an implementation of its own, in Python.
    #expect(generator.bits(0) == 0x5fdd_4fa7_0986_3553)
    #expect(generator.bits(1) == 0xd023_ca78_1c75_e16b)
    #expect(generator.bits(1_000_000_007) == 0xeb5d_a79d_8fd1_3084)
    #expect(generator.symmetricUnit(0) == -4_212_065 * 0x1p-24)
  }

  @Test("A value depends on seed, stream and index, not on the order of the calls")
  func isCounterBased() {
    let generator = CounterGenerator(seed: 7, stream: "x")
    let forward = (0..<100).map(generator.bits)
    let backward = (0..<100).reversed().map(generator.bits)
    #expect(forward == backward.reversed())
    #expect(Set(forward).count == 100)
    #expect(values(7, "x", count: 100) != values(8, "x", count: 100))
    #expect(values(7, "x", count: 100) != values(7, "y", count: 100))
  }

  @Test("Values lie in (−1, 1), are never 0 or denormal, and have mean 0 and variance ⅓")
  func distribution() {
    let sample = values(3, "statistics", count: 200_000)
    #expect(sample.allSatisfy { abs($0) < 1 && $0 != 0 && $0.isNormal })
    let mean = sample.reduce(0) { $0 + Double($1) } / Double(sample.count)
    let square = sample.reduce(0) { $0 + Double($1) * Double($1) } / Double(sample.count)
    // Five standard errors.
    #expect(abs(mean) < 5 * (1.0 / 3 / 200_000).squareRoot())
    #expect(abs(square - 1.0 / 3) < 5 * (4.0 / 45 / 200_000).squareRoot())
  }

  @Test("Fills scale, and integers reach both limits")
  func fills() {
    let buffer = AlignedBuffer(count: 10_000)
    let generator = CounterGenerator(seed: 5, stream: "fill")
    generator.fill(buffer.elements, amplitude: 0.25)
    #expect(buffer.elements.allSatisfy { abs($0) < 0.25 && $0 != 0 })
    #expect(buffer.pointer[17] == generator.symmetricUnit(17) * 0.25)
    generator.fillIntegers(buffer.elements, limit: 3)
    #expect(Set(buffer.elements) == [-3, -2, -1, 0, 1, 2, 3])
  }
}
