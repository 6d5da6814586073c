import GoldenSupport
import Images
import Tensors
import Testing

@Suite("Resizing")
struct ResizeTests {
  @Test(
    "Smaller and larger images are those of the reference example",
    arguments: ["smaller.npy", "larger.npy"])
  func agreesWithReference(file: String) throws {
    let want = try NPYFile.read(GoldenImages.path(file))
    let image = FloatImage(try GoldenImages.samples("pixels.npy"), channels: 3)
    let got = image.resized(width: want.shape.dimensions[1], height: want.shape.dimensions[0])
    #expect(got.values.count == want.shape.count)
    #expect(zip(got.values, want.values).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("The same size changes nothing, and one pixel fills any size")
  func degenerate() {
    let image = FloatImage(plain(width: 5, height: 3), channels: 3)
    #expect(image.resized(width: 5, height: 3) == image)
    let one = FloatImage(
      width: 1, height: 1, channels: 3, values: [9, 9, 9]
    ).resized(width: 4, height: 7)
    #expect(one.values == Array(repeating: 9, count: 4 * 7 * 3))
  }

  @Test("Half the size takes the mean of two by two pixels")
  func half() {
    let image = FloatImage(
      width: 4, height: 2, channels: 1, values: [0, 2, 10, 20, 4, 6, 30, 40])
    #expect(image.resized(width: 2, height: 1).values == [3, 25])
  }

  @Test("Grey is weighted as the eye does")
  func grey() {
    let image = FloatImage(
      RGBImage(width: 2, height: 1, samples: [100, 0, 0, 255, 255, 255]), channels: 1)
    #expect(abs(image.values[0] - 21.25) < 1e-4)
    #expect(abs(image.values[1] - 255) < 1e-4)
  }
}
