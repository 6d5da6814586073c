import Foundation
import GoldenSupport
import Tensors
import Testing

@Suite("classify, evaluate, and forward on images")
struct ClassifyCommandTests {
  private func golden(_ path: String) -> String {
    Golden.folder.appendingPathComponent(path).path
  }

  private var net: [String] {
    [
      "--model", golden("mini-caffenet/deploy.prototxt"), "--weights",
      golden("mini-caffenet/weights.caffemodel"),
    ]
  }

  private let mean = ["--mean", "104,117,123"]

  /// A file of labels `n0 class 0`, ….
  private func labels(_ count: Int, in folder: String) throws -> String {
    let path = "\(folder)/labels-\(count).txt"
    try (0..<count).map { "n\($0) class \($0)\n" }.joined()
      .write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test("The cat gives Caffe's top five, from PPM and PNG", arguments: ["ppm", "png"])
  func classify(kind: String) throws {
    try withTemporaryFolder { folder in
      let command = try Command(
        ["classify", golden("images/cat_256.\(kind)"), "--labels", labels(100, in: folder)] + net
          + mean)
      #expect(command.exitCode == 0, "\(command.errors)")
      let want = largest(5, of: try Golden.array("mini-caffenet/blobs/prob.npy").values[100..<200])
      let lines = command.output.split(separator: "\n").map(String.init)
      try #require(lines.count == 7, "\(command.output)")
      for (line, want) in zip(lines, want) {
        let words = line.split(separator: " ")
        #expect(abs(try #require(Float(words[0])) - want.value) <= 1e-5)
        #expect(
          words.dropFirst().joined(separator: " ")
            == "\(want.index) n\(want.index) class \(want.index)")
      }
      #expect(
        lines[5] == "['n35 class 35' 'n72 class 72' 'n40 class 40' 'n5 class 5' 'n34 class 34']")
      #expect(lines[6] == "[35 72 40  5 34]")
    }
  }

  @Test("All backends agree, each with a time, and what cannot run here says why")
  func allBackends() throws {
    let command = try Command(
      ["classify", golden("images/cat_256.ppm"), "--backend", "all"] + net + mean)
    #expect(command.exitCode == 0, "\(command.errors)")
    let list = try Command(["list", "backends"]).output.split(separator: "\n")
    #expect(list.count >= 7)
    // A backend that is no float32 one is not asked.
    for line in list where !line.hasPrefix("simd-w16 ") {
      let name = line.split(separator: " ")[0]
      let row = command.output.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
      if let row {
        #expect(row.contains("  35 72 40 5 34  "), "\(row)")
      } else {
        #expect(command.output.contains("unavailable: \(name): "), "\(name)")
      }
    }
    #expect(command.output.contains(" agree: no probability differs"))
  }

  @Test("Means from files and ten crops; a mean of one value per channel is that of numbers")
  func meansAndCrops() throws {
    try withTemporaryFolder { folder in
      let cat = golden("images/cat_256.ppm")
      let plain = try Command(["classify", cat] + net + mean)
      try NPYFile.write([104, 117, 123], shape: Shape([3]), to: "\(folder)/mean.npy")
      // BlobProto: shape { dim: [3, 1, 1] } and three packed floats.
      var blob: [UInt8] = [0x3a, 5, 0x0a, 3, 3, 1, 1, 0x2a, 12]
      for value: Float in [104, 117, 123] {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { blob += $0 }
      }
      try Data(blob).write(to: URL(fileURLWithPath: "\(folder)/mean.binaryproto"))
      for file in ["mean.npy", "mean.binaryproto"] {
        let command = try Command(["classify", cat, "--mean", "\(folder)/\(file)"] + net)
        #expect(command.exitCode == 0, "\(command.errors)")
        #expect(command.output == plain.output)
      }
      // Ten crops through the network once more, and averaged here.
      let crops = try Command(
        ["forward", "--input", cat, "--oversample", "--dump", "\(folder)/blobs"] + net + mean)
      #expect(crops.exitCode == 0, "\(crops.errors)")
      let prob = try NPYFile.read("\(folder)/blobs/prob.npy")
      #expect(prob.shape == Shape([10, 100]))
      let average = (0..<100).map { index in
        (0..<10).reduce(Float(0)) { $0 + prob.values[$1 * 100 + index] } / 10
      }
      let oversampled = try Command(["classify", cat, "--oversample"] + net + mean)
      #expect(oversampled.exitCode == 0, "\(oversampled.errors)")
      #expect(oversampled.output != plain.output)
      for (line, want) in zip(
        oversampled.output.split(separator: "\n"), largest(5, of: average[...]))
      {
        let words = line.split(separator: " ")
        #expect(abs(try #require(Float(words[0])) - want.value) <= 1e-5)
        #expect(words[1] == "\(want.index)")
      }
    }
  }

  @Test("forward takes an image as the array that it becomes")
  func forward() throws {
    try withTemporaryFolder { folder in
      let command = try Command(
        ["forward", "--input", golden("images/cat_256.png"), "--dump", folder] + net + mean)
      #expect(command.exitCode == 0, "\(command.errors)")
      #expect(command.output.hasPrefix("prob, image 0: 35: "))
      let data = try Golden.array("mini-caffenet/blobs/data.npy").values.suffix(3 * 227 * 227)
      #expect(try NPYFile.read("\(folder)/data.npy").values == Array(data))
    }
  }

  @Test("evaluate counts errors over a list, in batches of any size", arguments: [1, 2, 5])
  func evaluate(batch: Int) throws {
    try withTemporaryFolder { folder in
      let list = "\(folder)/list.txt"
      // Right; second; fifth; among the others.
      try "cat_256.ppm 35\ncat_256.png 72\ncat_256.ppm 34\ncat_256.ppm 1\n"
        .write(toFile: list, atomically: true, encoding: .utf8)
      let command = try Command(
        ["evaluate", list, "--root", golden("images"), "--batch", "\(batch)"] + net + mean)
      #expect(command.exitCode == 0, "\(command.errors)")
      #expect(
        command.output == """
          images       4
          top-1 error  75.00 %  (3 of 4 wrong)
          top-5 error  25.00 %  (1 of 4 wrong)

          """)
      #expect(command.errors.contains("4 of 4 images in "))
    }
  }

  @Test("evaluate names images that cannot be decoded, counts the others, and ends with 65")
  func evaluateDamaged() throws {
    try withTemporaryFolder { folder in
      let cat = try Data(contentsOf: URL(fileURLWithPath: golden("images/cat_256.ppm")))
      try cat.write(to: URL(fileURLWithPath: "\(folder)/cat.ppm"))
      try cat.prefix(1000).write(to: URL(fileURLWithPath: "\(folder)/half.ppm"))
      try "half.ppm 3\ncat.ppm 35\n"
        .write(toFile: "\(folder)/list.txt", atomically: true, encoding: .utf8)
      let command = try Command(["evaluate", "\(folder)/list.txt"] + net + mean)
      #expect(command.exitCode == 65)
      #expect(command.errors.contains("half.ppm' is not an image"))
      #expect(command.output.contains("top-1 error  0.00 %  (0 of 1 wrong)"))
      #expect(command.output.contains("not counted  1 "))
    }
  }

  @Test("Hostile images and files end in a right answer or one line with its exit code")
  func hostile() throws {
    try withTemporaryFolder { folder in
      func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let path = "\(folder)/\(name)"
        try Data(Array(bytes)).write(to: URL(fileURLWithPath: path))
        return path
      }
      let jpeg = try Data(contentsOf: URL(fileURLWithPath: golden("images/colour.jpg")))
      let cat = golden("images/cat_256.ppm")
      let odd = try file("odd.npy", [])
      try NPYFile.write([1, 2, 3, 4], shape: Shape([1, 2, 2]), to: odd)
      let list = try file("list.txt", "\(cat) 100\n".utf8)
      let classify = ["classify"]
      let cases: [([String], Int32, String)] = [
        (classify + [golden("images/cmyk.jpg")], 0, ""),
        (classify + [try file("one.ppm", Array("P6 1 1 255\n".utf8) + [1, 2, 3])], 0, ""),
        (classify + [try file("cut.jpg", jpeg.prefix(700))], 65, "cut.jpg"),
        (classify + [try file("huge.ppm", "P6 20000 20000 255\n".utf8)], 65, "20000x20000"),
        (classify + [try file("empty.jpg", [])], 65, "neither JPEG"),
        (classify + ["\(folder)/none.jpg"], 66, "there is no file"),
        (classify + [cat, "--labels", try labels(99, in: folder)], 65, "99 labels"),
        (classify + [cat, "--labels", "\(folder)/none.txt"], 66, "none.txt"),
        (classify + [cat, "--mean", odd], 65, "1 channels"),
        (classify + [cat, "--mean", "1,2"], 64, "2 numbers"),
        (classify + [cat, "--mean", "\(folder)/none.npy"], 66, "none.npy"),
        (classify + [cat, "--mean", cat], 65, "is not a mean"),
        (classify + [cat, "--resize", "100"], 64, "--resize"),
        (classify + [cat, "--backend", "smid"], 64, "'simd'"),
        (["evaluate", list], 65, "line 1: there is no class 100"),
        (["evaluate", cat], 65, "is not 'path label'"),
        (["evaluate", try file("gone.txt", "gone.jpg 1".utf8)], 66, "gone.jpg"),
        (["forward", "--input", try file("cut2.jpg", jpeg.prefix(700))], 65, "cut2.jpg"),
        (["forward", "--input", "label=\(cat)"], 64, "no input 'label'"),
        (
          ["forward", "--input", golden("mini-caffenet/blobs/data.npy"), "--mean", "1"], 64,
          "for images"
        ),
      ]
      for (arguments, exitCode, words) in cases {
        let command = try Command(arguments + net)
        #expect(command.exitCode == exitCode, "\(arguments): \(command.errors)")
        #expect(words.isEmpty || command.errors.contains(words), "\(arguments): \(command.errors)")
        #expect(
          command.errors.split(separator: "\n").count == (exitCode == 0 ? 0 : 1),
          "\(command.errors)")
        #expect(command.output.isEmpty == (exitCode != 0), "\(arguments): \(command.output)")
      }
      let training = try Command([
        "classify", cat, "--model", golden("mini-caffenet/train.prototxt"), "--weights",
        golden("mini-caffenet/weights.caffemodel"),
      ])
      #expect(training.exitCode == 64)
      #expect(training.errors.contains("'data', 'label'"))
    }
  }
}
