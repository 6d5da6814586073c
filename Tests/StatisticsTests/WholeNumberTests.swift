import Statistics
import Testing

@Test(
  "A number becomes the nearest whole one that there is",
  arguments: [
    (0.4, 0), (-2.6, -3), (1e15, 1_000_000_000_000_000), (.nan, 0), (.infinity, Int.max - 1023),
    (-.infinity, -(Int.max - 1023)), (1e300, Int.max - 1023),
  ] as [(Double, Int)])
func wholeNumbers(value: Double, whole: Int) { #expect(Int(nearestTo: value) == whole) }
