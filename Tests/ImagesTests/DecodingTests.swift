import GoldenSupport
import Images
import Tensors
import Testing

@Suite("Decoding of images")
struct DecodingTests {
  @Test(
    "JPEG and PNG give the samples that Pillow gives",
    arguments: [
      ("colour.jpg", "colour.npy"), ("progressive.jpg", "progressive.npy"),
      ("grey.jpg", "grey.npy"), ("cmyk.jpg", "cmyk.npy"), ("palette.png", "palette.npy"),
      ("colour.png", "pixels.npy"), ("alpha.png", "pixels.npy"), ("deep.png", "pixels.npy"),
    ])
  func agreesWithPillow(file: String, samples: String) throws {
    let got = try ImageFile.read(GoldenImages.path(file))
    let want = try GoldenImages.samples(samples)
    #expect(got == want)
  }

  @Test("The cat is the same in PPM and PNG")
  func cat() throws {
    let image = try ImageFile.read(GoldenImages.path("cat_256.ppm"))
    #expect(image.width == 256 && image.height == 256)
    #expect(try ImageFile.read(GoldenImages.path("cat_256.png")) == image)
  }

  private func pnm(_ text: String, _ bytes: [UInt8] = []) throws -> RGBImage {
    try ImageFile.decode(Array(text.utf8) + bytes, named: "x.ppm")
  }

  @Test("PNM is read in text and binary, with comments, in colour and grey")
  func netpbm() throws {
    let want = RGBImage(width: 2, height: 1, samples: [1, 2, 3, 250, 251, 252])
    #expect(try pnm("P3\n# a comment\n2 1 # another\n255\n1 2 3\n 250 251 252\n") == want)
    #expect(try pnm("P6 2 1 255\n", [1, 2, 3, 250, 251, 252]) == want)
    #expect(try pnm("P6#c\n2\n#d\n1 255\n", [1, 2, 3, 250, 251, 252, 9, 9]) == want)
    let grey = RGBImage(width: 1, height: 2, samples: [7, 7, 7, 9, 9, 9])
    #expect(try pnm("P2 1 2 255 7 9") == grey)
    #expect(try pnm("P5 1 2 255\n", [7, 9]) == grey)
  }

  @Test("Other largest values become 255, rounded to the nearest, with two bytes above 255")
  func largestValue() throws {
    #expect(try pnm("P2 3 1 2 0 1 2").samples == [0, 0, 0, 128, 128, 128, 255, 255, 255])
    #expect(try pnm("P5 1 1 65535\n", [0x80, 0x80]).samples == [128, 128, 128])
  }

  @Test("Files are told apart by how they begin, and by their name only otherwise")
  func detection() throws {
    #expect(ImageFile.isImage(GoldenImages.path("cat_256.ppm")))
    #expect(!ImageFile.isImage(GoldenImages.path("pixels.npy")))
    #expect(ImageFile.isImage("/proc/nonexistent/x.JPEG"))
    #expect(!ImageFile.isImage("/proc/nonexistent/x.npy"))
    try withFile(GoldenImages.bytes("grey.jpg")) { #expect(ImageFile.isImage($0)) }
    try withFile(Array("P6 data".utf8)) { #expect(ImageFile.isImage($0)) }
    try withFile(Array("Photo".utf8)) { #expect(!ImageFile.isImage($0)) }
    #expect(!ImageFile.isImage("/dev"))
  }

  @Test("A missing library is named with the package to install", arguments: ["jpg", "png"])
  func missingLibrary(kind: String) throws {
    var libraries = ImageFile.Libraries()
    libraries.jpeg = "libnone-jpeg.so"
    libraries.png = "libnone-png.so"
    let error = #expect(throws: ImageError.self) {
      try ImageFile.read(GoldenImages.path("colour.\(kind)"), libraries: libraries)
    }
    let text = try #require(error).description
    #expect(text.contains("libnone-"))
    #expect(
      text.contains("apt-get install \(kind == "jpg" ? "libturbojpeg0" : "libpng16-16")"))
    // A library of something else lacks the functions.
    libraries.jpeg = "libc.so.6"
    libraries.png = "libc.so.6"
    let other = #expect(throws: ImageError.self) {
      try ImageFile.read(GoldenImages.path("colour.\(kind)"), libraries: libraries)
    }
    #expect(try #require(other).description.contains("libc.so.6 has no "))
  }
}
