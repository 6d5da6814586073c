import Foundation
import GoldenSupport
import Results
import Tensors
import Testing

/// The options that name a network mean the same in every command, and what an error advises works
/// when it is copied.
@Suite struct NetworkOptionTests {
  private func path(_ name: String) -> String {
    Golden.folder.appendingPathComponent("cases/\(name).prototxt").path
  }

  /// Each command that reads descriptions, up to the name of one.
  static let commands = [
    "run", "verify", "tune", "check", "calibrate", "list", "describe", "export", "forward",
    "classify", "evaluate",
  ]

  @Test("Every command has them, in the same words")
  func help() throws {
    func options(_ command: String) throws -> String {
      let text = try Command(["help", command]).output
      let start = try #require(text.range(of: "  --shape "), "\(command)")
      let last = try #require(text.range(of: "  --stage <stage>"), "\(command)")
      let end = text[last.upperBound...].range(of: "\n  -")?.lowerBound ?? text.endIndex
      return String(text[start.lowerBound..<end]).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    let wanted = try options("describe")
    #expect(wanted.contains("--phase") && wanted.contains("--level"))
    for command in Self.commands { #expect(try options(command) == wanted, "\(command)") }
  }

  /// The option that an error names, as words.
  private func advice(_ error: String) throws -> [String] {
    let text = try #require(
      error.trimmingCharacters(in: .newlines).firstMatch(
        of: /(?:for example|ask for it with) (--.*)$/)?.1, "\(error)")
    return text.split(separator: " ").map(String.init)
  }

  @Test(
    "What is advised for a size that is not known, and for a layer that is left out, works",
    arguments: ["no-crop", "stage"])
  func advice(file: String) throws {
    try withTemporaryFolder { folder in
      let image = Golden.folder.appendingPathComponent("images/cat_256.png").path
      let weights = "\(folder)/net.caffemodel"
      var commands: [[String]] = [
        ["describe", path(file)], ["list", "layers", "--network", path(file)],
        ["export", path(file), "-o", "\(folder)/net.prototxt", "--weights", weights],
        [
          "verify", "--network", path(file), "--backend", "naive", "--layer", "conv1", "--batch",
          "1", "--isa", "baseline",
        ],
        [
          "run", "--dry-run", "--network", path(file), "--backend", "naive", "--layer", "conv1",
          "--allow-debug",
        ],
      ]
      if file == "stage" {
        commands.append(["forward", "--model", path(file), "--input", image])
        commands.append([
          "classify", image, "--network", path(file), "--weights", weights,
        ])
      }
      for command in commands {
        let refused = try Command(command)
        #expect(refused.exitCode == 65, "\(command): \(refused.errors)")
        let again = try Command(command + advice(refused.errors))
        // That network is none that classifies, which is said once it is read.
        let expected = command[0] == "classify" ? (Int32(64), "does not classify") : (0, "")
        #expect(again.exitCode == expected.0, "\(command): \(again.errors)")
        #expect(again.errors.contains(expected.1) || expected.1.isEmpty, "\(again.errors)")
      }
    }
  }

  @Test("A run has them in its record, its workers and the commands of its rows")
  func run() throws {
    try withTemporaryFolder { folder in
      let run = try Command([
        "run", "--network", path("no-crop"), "--shape", "data=3,2,6,6", "--layer", "conv1",
        "--backend", "im2col-swift", "--rounds", "1", "--launches", "1", "--allow-debug", "--out",
        folder,
      ])
      #expect(run.exitCode == 0, "\(run.errors)")
      let files = try RunFiles(folder: runFolder(in: folder))
      let row = try #require(files.workloads.first)
      #expect(row.status == .ok, "\(row.reason)")
      // As many images as the shape has.
      #expect(row.key.batch == 3)
      #expect(files.layers.first { $0.layer == "conv1" }?.inputShape == "3x2x6x6")
      #expect(row.repro.contains("--shape data=3,2,6,6"))
      let options = try #require(files.environment.options?["description"])
      #expect("\(options)".contains("data=3,2,6,6"))
    }
  }

  @Test(
    "The command of a row works in a shell, whatever the file is called",
    arguments: ["it's a, net $HOME.prototxt", "new\nline`.prototxt", #"back\,slash.prototxt"#])
  func repro(name: String) throws {
    try withTemporaryFolder { folder in
      let file = "\(folder)/\(name)"
      let text = try Golden.text("cases/small.prototxt").replacing("conv1", with: "conv,1")
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      let run = try Command([
        "run", "--network", file, "--layer", #"conv\,1"#, "--layer", "relu1", "--backend",
        "im2col-swift", "--rounds", "1", "--allow-debug", "--out", "\(folder)/runs",
      ])
      #expect(run.exitCode == 0, "\(run.errors)")
      let rows = try RunFiles(folder: runFolder(in: "\(folder)/runs")).workloads
      #expect(rows.map(\.key.layer) == ["conv,1", "relu1"])
      for row in rows {
        #expect(row.key.network == file)
        let again = try Command(
          program: [
            "/bin/sh", "-c", row.repro + " --rounds 1 --allow-debug --out \"$OUT\"",
          ],
          environment: [
            "PATH": URL(fileURLWithPath: Command.program).deletingLastPathComponent().path
              + ":/usr/bin:/bin", "OUT": "\(folder)/\(row.key.layer)",
          ])
        #expect(again.exitCode == 0, "\(row.repro): \(again.errors)")
        let repeated = try RunFiles(folder: runFolder(in: "\(folder)/\(row.key.layer)")).workloads
        #expect(repeated.map(\.key.layer) == [row.key.layer])
        #expect(repeated.first?.repro == row.repro)
      }
    }
  }

  @Test("Lists: an option may be repeated, and a file of the whole name is one")
  func lists() throws {
    try withTemporaryFolder { folder in
      for name in ["a", "b", "a.prototxt,b"] {
        try Golden.text("cases/small.prototxt").write(
          toFile: "\(folder)/\(name).prototxt", atomically: true, encoding: .utf8)
      }
      func names(_ arguments: [String]) throws -> [String] {
        let list = try Command(["list", "layers"] + arguments, workingFolder: folder)
        #expect(list.exitCode == 0, "\(list.errors)")
        return list.output.split(separator: "\n").filter { !$0.hasPrefix(" ") }.map(String.init)
      }
      #expect(
        try names(["--network", "a.prototxt,lenet", "--network", "b.prototxt"])
          == ["a.prototxt", "lenet", "b.prototxt"])
      #expect(try names(["--network", "a.prototxt,b.prototxt"]) == ["a.prototxt,b.prototxt"])
      #expect(
        try names(["--network", #"lenet,a.prototxt\,b.prototxt"#])
          == ["lenet", "a.prototxt,b.prototxt"])
    }
  }

  @Test("The second layer of a name is asked for by its number")
  func sharedName() throws {
    let verify = try Command([
      "verify", "--network", path("same-name"), "--layer", "relu-2,relu", "--backend", "simd",
      "--isa", "baseline",
    ])
    #expect(verify.exitCode == 0, "\(verify.errors)")
    #expect(verify.output.contains("relu-2"))
    let log = try Command(["describe", path("same-name"), "--caffe-log"])
    #expect(log.output.contains("Creating Layer relu\n") && !log.output.contains("relu-2"))
    let other = try Command(["verify", "--network", path("same-name"), "--layer", "relu-3"])
    #expect(other.exitCode == 64 && other.errors.contains("relu-2"), "\(other.errors)")
  }

  @Test("forward and classify take sizes and images as the other commands do")
  func sizes() throws {
    try withTemporaryFolder { folder in
      let array = "\(folder)/x.npy"
      try NPYFile.write(
        [Float](repeating: 0.5, count: 2 * 3 * 16 * 16), shape: Shape([2, 3, 16, 16]), to: array)
      let forward = ["forward", "--network", path("stage"), "--stage", "deploy", "--input", array]
      #expect(try Command(forward + ["--batch", "2", "--shape", "data=2,3,16,16"]).exitCode == 0)
      for (option, words) in [
        (["--batch", "3"], "--batch 3"), (["--shape", "2,3,8,8"], "2x3x8x8"),
        (["--shape", "x=2,3,16,16"], "no input 'x'"),
      ] {
        let refused = try Command(forward + option)
        #expect(refused.exitCode == 64, "\(refused.errors)")
        #expect(refused.errors.contains(words), "\(refused.errors)")
      }
      let image = Golden.folder.appendingPathComponent("images/cat_256.png").path
      func cat(_ options: [String]) throws -> String {
        let command = try Command(
          [
            "classify", image, image, image, "--model", "\(folder)/net.prototxt", "--weights",
            "\(folder)/net.caffemodel",
          ] + options)
        #expect(command.exitCode == 0, "\(command.errors)")
        return command.output
      }
      try """
      input: 'x' input_shape { dim: [1, 3, 8, 8] }
      layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'ip'
        inner_product_param { num_output: 6 } }
      layer { name: 'prob' type: 'Softmax' bottom: 'ip' top: 'prob' }
      """.write(toFile: "\(folder)/net.prototxt", atomically: true, encoding: .utf8)
      let export = try Command([
        "export", "\(folder)/net.prototxt", "-o", "\(folder)/copy.prototxt", "--weights",
        "\(folder)/net.caffemodel",
      ])
      #expect(export.exitCode == 0, "\(export.errors)")
      #expect(try cat([]) == cat(["--batch", "2"]))
    }
  }
}
