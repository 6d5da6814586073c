import Foundation
import GoldenSupport
import Tensors
import Testing

@Suite("Commands on Caffe files")
struct CaffeCommandTests {
  private func golden(_ path: String) -> String {
    Golden.folder.appendingPathComponent(path).path
  }

  private var data: String { golden("mini-caffenet/blobs/data.npy") }

  @Test(
    "forward gives Caffe's blobs for every syntax and weight file",
    arguments: ["deploy", "deploy_v1", "deploy_v0"], ["weights", "weights_v1"])
  func forward(description: String, weights: String) throws {
    try withTemporaryFolder { folder in
      let command = try Command([
        "forward", "--model", golden("mini-caffenet/\(description).prototxt"), "--weights",
        golden("mini-caffenet/\(weights).caffemodel"), "--input", data, "--dump", folder, "-v",
      ])
      #expect(command.exitCode == 0, "\(command.errors)")
      #expect(command.output.contains("Copying source layer conv1\n"))
      #expect(command.output.contains("Ignoring source layer loss\n"))
      // The five largest of image 0, from Caffe.
      #expect(command.output.contains("prob, image 0: 35: "))
      let names = try FileManager.default.contentsOfDirectory(
        atPath: golden("mini-caffenet/blobs"))
      #expect(Set(try FileManager.default.contentsOfDirectory(atPath: folder)) == Set(names))
      for name in names {
        let want = try Golden.array("mini-caffenet/blobs/\(name)")
        let got = try NPYFile.read("\(folder)/\(name)")
        #expect(got.shape == want.shape, "\(name)")
        #expect(relativeError(got.values, want.values) <= Golden.networkTolerance, "\(name)")
      }
    }
  }

  @Test("forward takes several inputs by name, and writes names with slashes")
  func severalInputs() throws {
    try withTemporaryFolder { folder in
      let model = "\(folder)/net.prototxt"
      try """
      layer { name: "in" type: "Input" top: "a/b" top: "c" }
      layer { name: "sum" type: "Eltwise" bottom: "a/b" bottom: "c" top: "x/sum"
        eltwise_param { coeff: 1 coeff: -2 } }
      """.write(toFile: model, atomically: true, encoding: .utf8)
      try NPYFile.write([1, 2, 3], shape: Shape([3]), to: "\(folder)/one.npy")
      try NPYFile.write([5, 5, 5], shape: Shape([3]), to: "\(folder)/two.npy")
      let command = try Command([
        "forward", "--model", model, "--input", "c=\(folder)/two.npy", "--input",
        "\(folder)/one.npy", "--dump", "\(folder)/blobs", "--backend", "naive",
      ])
      #expect(command.exitCode == 0, "\(command.errors)")
      #expect(try NPYFile.read("\(folder)/blobs/a__b.npy").values == [1, 2, 3])
      #expect(try NPYFile.read("\(folder)/blobs/x__sum.npy").values == [-9, -8, -7])
      #expect(command.output == "x/sum: 3, from -9.0 to -7.0\n")
    }
  }

  @Test(
    "What export writes is what forward reads: the same outputs as from the catalog and the seed")
  func exportForward() throws {
    try withTemporaryFolder { folder in
      let export = try Command([
        "export", "caffenet-mini", "-o", "\(folder)/net.prototxt", "--weights",
        "\(folder)/net.caffemodel", "--seed", "7", "--batch", "3",
      ])
      #expect(export.exitCode == 0, "\(export.errors)")
      let describe = try Command(["describe", "\(folder)/net.prototxt"])
      #expect(describe.output.contains("3x3x227x227"))
      let file = try Command([
        "forward", "--model", "\(folder)/net.prototxt", "--weights", "\(folder)/net.caffemodel",
        "--input", data,
      ])
      let catalog = try Command([
        "forward", "--model", "caffenet-mini", "--seed", "7", "--input", "data=\(data)",
      ])
      #expect(file.exitCode == 0, "\(file.errors)")
      #expect(file.output == catalog.output)
      // A caffemodel describes its network too, and its weights can be written again.
      let again = try Command([
        "export", "\(folder)/net.caffemodel", "-o", "\(folder)/2.prototxt", "--from",
        "\(folder)/net.caffemodel", "--weights", "\(folder)/2.caffemodel",
      ])
      #expect(again.exitCode == 0, "\(again.errors)")
      for (a, b) in [("net.prototxt", "2.prototxt"), ("net.caffemodel", "2.caffemodel")] {
        #expect(
          FileManager.default.contentsEqual(atPath: "\(folder)/\(a)", andPath: "\(folder)/\(b)"))
      }
    }
  }

  @Test("describe shows a table, the data flow, and what Caffe would log")
  func describe() throws {
    let file = golden("prototxt/bvlc_googlenet_deploy.prototxt")
    let table = try Command(["describe", file, "--batch", "1"])
    #expect(table.exitCode == 0, "\(table.errors)")
    #expect(table.output.contains("inception_3a/1x1"))
    let dot = try Command(["describe", file, "--format", "dot"])
    #expect(dot.output.hasPrefix("digraph \"GoogleNet\" {"))
    let log = try Command(["describe", "caffenet", "--caffe-log"])
    #expect(log.output == (try Golden.text("caffe-log/caffenet_input.txt")))
    let training = try Command([
      "describe", golden("prototxt/bvlc_reference_caffenet_train_val.prototxt"), "--phase", "train",
    ])
    #expect(training.output.contains("256x3x227x227"))
    #expect(training.errors.contains("three channels are assumed"))
  }

  @Test("Networks in files are checked and listed like those of the catalog")
  func networkFiles() throws {
    let file = golden("mini-caffenet/deploy_v1.prototxt")
    let list = try Command(["list", "layers", "--network", file])
    #expect(list.output.contains("1x3x227x227 -> 1x16x55x55"), "\(list.errors)")
    let verify = try Command([
      "verify", "--network", file, "--layer", "conv1,fc8", "--backend", "simd", "--isa", "baseline",
    ])
    #expect(verify.exitCode == 0, "\(verify.errors)")
    #expect(verify.output.contains("conv1"))
  }

  @Test("A run in worker processes reads the file there too")
  func worker() throws {
    try withTemporaryFolder { folder in
      let file = golden("mini-caffenet/deploy.prototxt")
      let run = try Command([
        "run", "--network", file, "--layer", "fc8", "--backend", "simd", "--quick", "--launches",
        "1", "--out", folder,
      ])
      #expect(run.exitCode == 0, "\(run.errors)")
      #expect(run.output.contains("fc8"))
      let samples = try String(
        contentsOfFile: try runFolder(in: folder) + "/samples.csv", encoding: .utf8)
      #expect(samples.contains(file))
    }
  }

  @Test("Files that are missing or wrong end with one line and their exit code")
  func exitCodes() throws {
    try withTemporaryFolder { folder in
      let good = golden("mini-caffenet/deploy.prototxt")
      func file(_ name: String, _ text: String) throws -> String {
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
      }
      let bad = try file("bad.prototxt", "layer {\n nam: \"x\" }")
      let noise = try file("noise.npy", "not an array")
      let weights = golden("mini-caffenet/weights.caffemodel")
      let solver = golden("prototxt/lenet_solver.prototxt")
      let unknownSize = golden("prototxt/lenet_train_test.prototxt")
      let fc = "\(folder)/nonexistent"
      let cases: [([String], Int32, String)] = [
        (["describe", fc + ".prototxt"], 66, "there is no file"),
        (["describe", "caffenett"], 64, "did you mean 'caffenet'?"),
        (["describe", bad], 65, "bad.prototxt' line 1"),
        (["describe", solver], 65, "solver"), (["describe", unknownSize], 65, "--shape data="),
        (["describe", noise], 65, "has no value"),
        (["describe", "caffenet", "--batch", "1048576"], 65, "impossible"),
        (["describe", "caffenet", "--shape", "x=1,3,227,227"], 64, "no input 'x'"),
        (["run", "--network", bad], 65, "line 1"), (["verify", "--network", fc + "/x"], 66, fc),
        (["forward", "--model", good, "--input", noise], 65, "noise.npy"),
        (["forward", "--model", good, "--input", fc], 66, fc),
        (["forward", "--model", good, "--input", "label=\(data)"], 64, "no input 'label'"),
        (
          ["forward", "--model", golden("mini-caffenet/train.prototxt"), "--input", data], 64,
          "'label'"
        ),
        (["forward", "--model", good, "--input", data, "--weights", bad], 65, "not a caffemodel"),
        (["forward", "--model", good, "--input", data, "--weights", fc], 66, fc),
        (
          ["forward", "--model", "alexnet", "--input", data, "--weights", weights], 65, "'conv1'"
        ),
        (["forward", "--model", good, "--input", data, "--backend", "smd"], 64, "'simd'"),
        (["forward", "--model", good, "--input", data, "--dump", "/proc/x"], 6, "/proc/x"),
        (
          ["export", "caffenet-mini", "-o", "/proc/nonexistent/x.prototxt"], 6,
          "/proc/nonexistent/x"
        ),
        (["export", "caffenet-mini", "-o", "/dev/full"], 6, "/dev/full"),
      ]
      for (arguments, exitCode, words) in cases {
        let command = try Command(arguments)
        #expect(command.exitCode == exitCode, "\(arguments): \(command.errors)")
        #expect(command.errors.contains(words), "\(command.errors)")
        #expect(command.errors.split(separator: "\n").count == 1, "\(command.errors)")
      }
    }
  }
}
