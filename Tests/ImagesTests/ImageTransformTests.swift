import GoldenSupport
import Images
import Tensors
import Testing

@Suite("From an image to a network's input")
struct ImageTransformTests {
  private let caffenet = Shape(n: 1, c: 3, h: 227, w: 227)
  private let mean = ImageMean(channels: [104, 117, 123], name: "104,117,123")

  @Test("The cat becomes exactly what real Caffe was given", arguments: ["ppm", "png"])
  func cat(kind: String) throws {
    let transform = try ImageTransform(input: caffenet, mean: mean)
    let image = try ImageFile.read(GoldenImages.path("cat_256.\(kind)"))
    let data = try Golden.array("mini-caffenet/blobs/data.npy")
    #expect(transform.tensor(of: [image]).values == Array(data.values.suffix(227 * 227 * 3)))
  }

  /// An image whose samples tell where they were: red the row, green the column, blue 200.
  private func position(width: Int, height: Int) -> RGBImage {
    RGBImage(
      width: width, height: height,
      samples: (0..<width * height).flatMap { [UInt8($0 / width), UInt8($0 % width), 200] })
  }

  @Test("Ten crops are corners, centre, and their mirror images")
  func oversampling() throws {
    let transform = try ImageTransform(
      input: Shape(n: 10, c: 3, h: 2, w: 3), resize: 7, oversamples: true)
    #expect(transform.cropCount == 10)
    let tensor = transform.tensor(of: [position(width: 7, height: 7)])
    #expect(tensor.shape == Shape(n: 10, c: 3, h: 2, w: 3))
    let origins = [(0, 0), (0, 4), (5, 0), (5, 4), (2, 2)]
    var want: [Float] = []
    for isMirrored in [false, true] {
      for (top, left) in origins {
        let columns = isMirrored ? [left + 2, left + 1, left] : [left, left + 1, left + 2]
        want += [Float](repeating: 200, count: 6)
        want += [0, 1].flatMap { _ in columns.map(Float.init) }
        want += [top, top + 1].flatMap { Array(repeating: Float($0), count: 3) }
      }
    }
    #expect(tensor.values == want)
  }

  @Test("Several images stand one behind the other, each with all its crops")
  func severalImages() throws {
    let transform = try ImageTransform(
      input: Shape(n: 1, c: 3, h: 2, w: 2), resize: 4, oversamples: true)
    let images = [position(width: 4, height: 4), plain(width: 4, height: 4)]
    let both = transform.tensor(of: images).values
    #expect(both == images.flatMap { transform.tensor(of: [$0]).values })
    #expect(both.count == 2 * transform.floatCount)
  }

  @Test("A mean of the whole image is subtracted where the crop was cut, also from mirror images")
  func meanOfImage() throws {
    let array = Tensor(
      Shape(n: 1, c: 3, h: 4, w: 4),
      values: [Float](repeating: 200, count: 16) + (0..<16).map { Float($0 % 4) }
        + (0..<16).map { Float($0 / 4) })
    let transform = try ImageTransform(
      input: Shape(n: 1, c: 3, h: 2, w: 2), resize: 4,
      mean: try ImageMean(array, name: "mean"), oversamples: true)
    let values = transform.tensor(of: [position(width: 4, height: 4)]).values
    #expect(values == Array(repeating: 0, count: 120))
  }

  @Test("A mean of a crop's size is subtracted from every crop; the scale follows")
  func meanOfCrop() throws {
    let array = Tensor(Shape([1, 2, 2]), values: [1, 2, 3, 4])
    let transform = try ImageTransform(
      input: Shape(n: 1, c: 1, h: 2, w: 2), resize: 2, mean: try ImageMean(array, name: "mean"),
      scale: 0.5)
    let image = plain(width: 9, height: 5, (100, 100, 100))
    let got = transform.tensor(of: [image]).values
    #expect(zip(got, [49.5, 49, 48.5, 48]).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test(
    "Means in files may have these shapes, and give the same as numbers",
    arguments: [[3], [3, 1, 1], [1, 3, 1, 1]])
  func meanShapes(axes: [Int]) throws {
    let read = try ImageMean(Tensor(Shape(axes), values: [104, 117, 123]), name: "m")
    let image = plain(width: 3, height: 3)
    let shape = Shape(n: 1, c: 3, h: 3, w: 3)
    let got = try ImageTransform(input: shape, mean: read).tensor(of: [image])
    #expect(got.values == (try ImageTransform(input: shape, mean: mean).tensor(of: [image])).values)
    #expect(got.values[0] == 30 - 104)
  }

  @Test("A mean of another shape is refused with both sizes")
  func wrongMean() throws {
    func refusal(_ axes: [Int]) throws -> String? {
      do throws(ImageError) {
        let array = Tensor(Shape(axes))
        _ = try ImageTransform(input: caffenet, mean: try ImageMean(array, name: "m.npy"))
        return nil
      } catch {
        return error.description
      }
    }
    #expect(try refusal([3, 256, 256]) == nil)
    #expect(try refusal([3, 227, 227]) == nil)
    #expect(
      try #require(try refusal([3, 100, 256])).contains("100x256; images are resized to 256"))
    #expect(try #require(try refusal([1, 256, 256])).contains("1 channels"))
    #expect(try #require(try refusal([4])).contains("4 channels"))
    #expect(try #require(try refusal([2, 3, 256, 256])).contains("2x3x256x256"))
    #expect(try refusal([]) != nil)
    #expect(try refusal([3, 0, 0]) != nil)
  }

  @Test("Networks that read no images, and sizes below the input's, are refused")
  func wrongNetwork() {
    for shape in [Shape([1, 10]), Shape(n: 1, c: 4, h: 8, w: 8), .scalar] {
      #expect(throws: ImageError.self) { try ImageTransform(input: shape) }
    }
    #expect(throws: ImageError.self) { try ImageTransform(input: caffenet, resize: 226) }
  }

  @Test("Images are resized to 256 where that is the custom, otherwise to the input's size")
  func standardSize() throws {
    #expect(try ImageTransform(input: caffenet).resize == (256, 256))
    #expect(try ImageTransform(input: Shape(n: 1, c: 1, h: 28, w: 28)).resize == (28, 28))
    #expect(try ImageTransform(input: Shape(n: 1, c: 3, h: 299, w: 299)).resize == (299, 299))
  }
}
