import Foundation
import Images
import Testing

@Suite("Images that are damaged or made to harm")
struct HostileImageTests {
  private func error(_ bytes: [UInt8]) -> ImageError? {
    do throws(ImageError) {
      _ = try ImageFile.decode(bytes, named: "x")
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "A file cut off anywhere is refused or gives the whole image, never a part of it",
    arguments: [
      "colour.jpg", "progressive.jpg", "cmyk.jpg", "colour.png", "palette.png", "alpha.png",
    ])
  func truncated(file: String) throws {
    let bytes = try GoldenImages.bytes(file)
    let whole = try ImageFile.decode(bytes, named: file)
    for count in 0..<bytes.count {
      do throws(ImageError) {
        let image = try ImageFile.decode(Array(bytes.prefix(count)), named: "x")
        #expect(image.samples == whole.samples, "\(count) of \(bytes.count) bytes")
      } catch {
        guard case .corrupt = error else {
          Issue.record("\(count) bytes: \(error)")
          continue
        }
      }
    }
    #expect(error(Array(bytes.prefix(bytes.count * 2 / 3))) != nil)
  }

  @Test(
    "Bytes that are changed end in an image of its size or in one line",
    arguments: ["colour.jpg", "progressive.jpg", "colour.png", "palette.png", "deep.png"])
  func changed(file: String) throws {
    let bytes = try GoldenImages.bytes(file)
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<1500 {
      var copy = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        copy[Int.random(in: 2..<copy.count, using: &generator)] = .random(in: 0...255)
      }
      // A size that the header was changed to may be large, but not beyond the limit.
      do throws(ImageError) {
        let image = try ImageFile.decode(copy, named: "x")
        #expect(image.width * image.height <= RGBImage.pixelLimit)
      } catch {
        #expect(!error.description.contains("\n"))
      }
    }
  }

  @Test("An image of 20,000x20,000 pixels is refused before memory is taken for it")
  func tooLarge() throws {
    func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
      [0, 0, 0, UInt8(data.count)] + Array(type.utf8) + data + [0, 0, 0, 0]
    }
    let side: [UInt8] = [0, 0, 0x4e, 0x20]
    let png =
      pngSignature + chunk("IHDR", side + side + [8, 2, 0, 0, 0]) + chunk("IDAT", [])
      + chunk("IEND", [])
    let want = ImageError.tooLarge(path: "x", width: 20_000, height: 20_000)
    #expect(error(png) == want)
    #expect(error(Array("P6 20000 20000 255\n".utf8)) == want)
    // The size stands in the frame's header (SOF0).
    var jpeg = try GoldenImages.bytes("colour.jpg")
    let frame = try #require((0..<jpeg.count).first { jpeg[$0...].starts(with: [0xff, 0xc0]) })
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x4e, 0x20, 0x4e, 0x20])
    #expect(error(jpeg) == want)
    #expect(want.description.contains("20000x20000"))
  }

  @Test(
    "PNM that is no image is refused",
    arguments: [
      "P6", "P6 ", "P6 0 4 255\n", "P6 2 2 255\n12345678901", "P6 2 2 0\n", "P6 2 2 65536\n",
      "P6 2 2 255", "P3 1 1 255 1 2", "P3 1 1 255 1 2 256", "P3 1 1 255 1 2 x", "P3 -1 1 255 1",
      "P6 99999999999999999999 1 255\n", "P4 8 1\n1", "P3 1 1 255 1 2 # no third", "P5 1 1 100\n~",
    ])
  func badNetpbm(text: String) throws {
    let bytes = Array(text.utf8).map { $0 == UInt8(ascii: "~") ? 101 : $0 }
    guard case .corrupt = try #require(error(bytes)) else {
      Issue.record("\(text): \(String(describing: error(bytes)))")
      return
    }
  }

  @Test("What is no image at all is refused: nothing, text, a folder, a device")
  func otherFiles() throws {
    #expect(error([]) == .corrupt(path: "x", reason: "it begins as neither JPEG, PNG nor PPM"))
    #expect(error(Array("GIF89a".utf8)) != nil)
    #expect(error(pngSignature) == .corrupt(path: "x", reason: "it is cut off"))
    #expect(throws: ImageError.missing(path: "/proc/nonexistent")) {
      try ImageFile.read("/proc/nonexistent")
    }
    for path in ["/tmp", "/dev/zero"] {
      #expect(throws: ImageError.unreadable(path: path, reason: "it is not a regular file")) {
        try ImageFile.read(path)
      }
    }
  }

  @Test("Bytes behind the end of a JPEG, and warnings of its library, do not matter")
  func harmless() throws {
    let bytes = try GoldenImages.bytes("colour.jpg")
    let whole = try ImageFile.decode(bytes, named: "x")
    #expect(try ImageFile.decode(bytes + [1, 2, 3], named: "x") == whole)
    // Junk before the marker that ends it makes the library warn.
    let junk = bytes.dropLast(2) + [UInt8](repeating: 0, count: 40) + bytes.suffix(2)
    let image = try ImageFile.decode(Array(junk), named: "x")
    #expect(image.samples == whole.samples)
    #expect(image.note != nil)
  }
}
