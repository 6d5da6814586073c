import Foundation
import Testing

/// Output that cannot be written, and files that must not be.
@Suite("Output") struct OutputTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
  private static let samples = root + "/results/sample"

  private static func sample() throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: samples).sorted()
    return samples + "/" + (try #require(names.first { $0.hasPrefix("2") }))
  }

  /// Runs the program with its streams set up by a shell.
  private func run(_ arguments: [String], _ redirection: String, folder: String) throws -> Command {
    try Command(
      program: ["/bin/bash", "-c", "\"$0\" \"$@\" \(redirection)", Command.program] + arguments,
      workingFolder: folder)
  }

  private static let printing = [
    ["--help"], ["help", "run"], ["list", "networks"], ["describe", "alexnet"], ["host", "--json"],
    ["validate", "RUN"], ["compare", "RUN"], ["compare", "RUN", "--format", "csv"],
    ["report", "RUN", "--format", "markdown"], ["explain", "conv2", "--run", "RUN"],
    ["run", "--dry-run", "--network", "alexnet-mini"],
    ["run", "--network", "alexnet-mini", "--layer", "fc8", "--backend", "simd", "--rounds", "2"]
      + ["--allow-debug"],
    ["verify", "--network", "alexnet-mini", "--layer", "fc8", "--backend", "simd"],
    ["export", "alexnet-mini", "-o", "/dev/stdout"], ["worker"],
  ]

  @Test(
    "What cannot be printed is exit code 6 and one sentence", arguments: printing,
    ["/dev/full", "&-"])
  func standardOutput(arguments: [String], target: String) throws {
    try withTemporaryFolder { folder in
      let sample = try Self.sample()
      let words = arguments.map { $0 == "RUN" ? sample : $0 }
      let input = #"{"op":"hello","version":5}"#
      let command = try run(words, ">\(target) <<< '\(input)'", folder: folder)
      let reason = target == "&-" ? "Bad file descriptor" : "No space left on device"
      #expect(command.exitCode == 6, "\(command.errors)")
      let sentences = command.errors.split(separator: "\n").filter { $0.contains(reason) }
      #expect(sentences.count == 1, "\(command.errors)")
      #expect(sentences.allSatisfy { $0.hasPrefix("alexbench: cannot write") }, "\(command.errors)")
    }
  }

  @Test("A command that failed keeps its exit code when its output is lost as well")
  func failed() throws {
    try withTemporaryFolder { folder in
      let copy = folder + "/run"
      try FileManager.default.copyItem(atPath: Self.sample(), toPath: copy)
      try FileManager.default.removeItem(atPath: copy + "/layers.csv")
      let command = try run(["validate", copy], ">/dev/full", folder: folder)
      #expect(command.exitCode == 65)
      #expect(command.errors.contains("cannot write to standard output"))
    }
  }

  @Test(
    "What cannot be said is dropped, and the exit code stays",
    arguments: ["2>/dev/full", "2>&-", "2> >(exit 0)"])
  func standardError(redirection: String) throws {
    try withTemporaryFolder { folder in
      #expect(try run(["describe", "nosuch"], redirection, folder: folder).exitCode == 64)
      #expect(try run(["--nosuch"], redirection, folder: folder).exitCode == 64)
      #expect(try run(["validate", "nosuch"], redirection, folder: folder).exitCode == 66)
      let measured = try run(
        ["run", "--network", "alexnet-mini", "--layer", "fc8", "--backend", "simd"]
          + ["--rounds", "2", "--allow-debug", "--verbose", "--out", "out"],
        redirection, folder: folder)
      #expect(measured.exitCode == 0)
      let files = try FileManager.default.contentsOfDirectory(
        atPath: runFolder(in: folder + "/out"))
      #expect(files.contains("summary.csv") && !files.contains(".journal"))
    }
  }

  @Test("Standard error may be closed by its reader in the middle of a run")
  func closedInTheMiddle() throws {
    try withTemporaryFolder { folder in
      let command = try run(
        ["run", "--network", "alexnet-mini", "--layer", "fc8", "--backend", "simd"]
          + ["--budget", "12s", "--allow-debug", "--verbose", "--out", "out"],
        "2> >(head -n 1 >&2)", folder: folder)
      #expect(command.exitCode == 0)
    }
  }

  @Test("A reader that has gone ends the program by its signal, as it ends others")
  func closedPipe() throws {
    try withTemporaryFolder { folder in
      let script = "set -o pipefail; \"$0\" describe googlenet | sleep 0"
      let command = try Command(
        program: ["/bin/bash", "-c", "sleep 0.2 | " + script, Command.program])
      #expect(command.exitCode == 141 || command.exitCode == 0)
      // With a reader that is known to be gone before anything is written.
      let gone = try Command(
        program: [
          "/bin/bash", "-c",
          "mkfifo p; (exec 3<p) & exec 4>p; wait; \"$0\" describe alexnet >&4; exit $?",
          Command.program,
        ], workingFolder: folder)
      #expect(gone.exitCode == 141 && gone.errors.isEmpty, "\(gone.errors)")
    }
  }

  @Test("A closed stream is not mistaken for a file that is opened later")
  func closedStreams() throws {
    try withTemporaryFolder { folder in
      let whole = try Command(["export", "alexnet-mini", "-o", folder + "/a"])
      let closed = try run(
        ["export", "alexnet-mini", "-o", folder + "/b"], "<&- >&- 2>&-", folder: folder)
      #expect(whole.exitCode == 0 && closed.exitCode == 0)
      #expect(
        FileManager.default.contentsEqual(atPath: folder + "/a", andPath: folder + "/b"))
    }
  }

  @Test("A limit of file sizes is an error of one sentence, and the earlier file stays")
  func fileSize() throws {
    try withTemporaryFolder { folder in
      try Data("before".utf8).write(to: URL(fileURLWithPath: folder + "/w"))
      let command = try Command(
        program: ["/bin/bash", "-c", "ulimit -f 64; \"$0\" \"$@\"", Command.program]
          + ["export", "alexnet-mini", "-o", "n", "--weights", "w"], workingFolder: folder)
      #expect(command.exitCode == 6)
      #expect(command.errors == "alexbench: cannot write 'w': File too large\n")
      #expect(try String(contentsOfFile: folder + "/w", encoding: .utf8) == "before")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["n", "w"])
    }
  }

  @Test("Export does not write over what it reads, whatever the names")
  func exportOntoSource() throws {
    try withTemporaryFolder { folder in
      let files = FileManager.default
      let golden = Self.root + "/Tests/Golden/mini-alexnet"
      for name in ["deploy.prototxt", "weights.caffemodel"] {
        try files.copyItem(atPath: "\(golden)/\(name)", toPath: "\(folder)/\(name)")
      }
      try files.createSymbolicLink(
        atPath: folder + "/link", withDestinationPath: "weights.caffemodel")
      try files.linkItem(atPath: folder + "/weights.caffemodel", toPath: folder + "/hard")
      try files.createDirectory(atPath: folder + "/d", withIntermediateDirectories: false)
      let before = try files.contentsOfDirectory(atPath: folder).sorted()
      for (output, weights) in [
        ("new", "weights.caffemodel"), ("new", "link"), ("new", "hard"),
        ("new", "d/../weights.caffemodel"), ("weights.caffemodel", "new"), ("link", "new"),
        ("deploy.prototxt", "new"), ("new", "deploy.prototxt"), ("new", "./d/../new"),
      ] {
        let command = try Command(
          [
            "export", "./deploy.prototxt", "--from", "weights.caffemodel", "-o", output,
            "--weights", weights,
          ], workingFolder: folder)
        #expect(command.exitCode == 64, "\(output) \(weights): \(command.errors)")
        #expect(command.errors.contains("the same file"), "\(command.errors)")
        #expect(
          command.errors.contains("'\(output)'") || command.errors.contains("'\(weights)'"))
        #expect(command.errors.split(separator: "\n").count == 1)
        #expect(try files.contentsOfDirectory(atPath: folder).sorted() == before)
        for name in ["deploy.prototxt", "weights.caffemodel"] {
          #expect(
            files.contentsEqual(atPath: "\(golden)/\(name)", andPath: "\(folder)/\(name)"))
        }
      }
    }
  }

  @Test("Other commands do not write over what they read either")
  func ontoInputs() throws {
    try withTemporaryFolder { folder in
      let files = FileManager.default
      try files.copyItem(atPath: Self.sample(), toPath: folder + "/run")
      let golden = Self.root + "/Tests/Golden/mini-caffenet"
      try files.copyItem(atPath: "\(golden)/deploy.prototxt", toPath: folder + "/net.prototxt")
      try files.copyItem(atPath: "\(golden)/blobs/data.npy", toPath: folder + "/data.npy")
      try files.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "run/samples.csv")
      try files.createDirectory(atPath: folder + "/pictures", withIntermediateDirectories: false)
      try Data("<svg></svg>".utf8).write(to: URL(fileURLWithPath: folder + "/pictures/a.svg"))
      try Data().write(to: URL(fileURLWithPath: folder + "/policy.csv"))
      func state() throws -> [String: Data?] {
        let names = try #require(files.enumerator(atPath: folder)).compactMap { $0 as? String }
        return Dictionary(
          uniqueKeysWithValues: names.map { ($0, files.contents(atPath: "\(folder)/\($0)")) })
      }
      let before = try state()
      for arguments in [
        ["report", "run", "--plots", "none", "-o", "run/summary.csv"],
        ["report", "run", "--plots", "none", "-o", "link"],
        ["report", "run", "--plots", "pictures", "-o", "pictures/a.svg"],
        ["report", "run", "--format", "markdown", "-o", "run/environment.json"],
        ["compare", "run", "--base", "simd", "-o", "run/compare.csv"],
        ["compare", "run", "./run", "-o", "link"],
        ["forward", "--model", "net.prototxt", "--input", "data.npy", "--dump", "./pictures/.."],
        ["check", "--replay", "run", "--summary", "run/pairs.csv"],
        ["check", "--replay", "run", "--policy", "policy.csv", "--junit", "./policy.csv"],
        ["check", "--replay", "run", "--junit", "new", "--bencher", "pictures/../new"],
      ] {
        let command = try Command(arguments, workingFolder: folder)
        #expect(command.exitCode == 64, "\(arguments): \(command.errors)")
        #expect(command.errors.contains("the same file"), "\(command.errors)")
        #expect(command.errors.split(separator: "\n").count == 1)
        #expect(try state() == before, "\(arguments)")
      }
    }
  }

  @Test("Runs that are added to a new history at the same time are all in it")
  func history() throws {
    try withTemporaryFolder { folder in
      let sample = try Self.sample()
      let id = URL(fileURLWithPath: sample).lastPathComponent
      let count = 6
      for index in 0..<count {
        let copy = "\(folder)/run\(index)"
        try FileManager.default.copyItem(atPath: sample, toPath: copy)
        for name in try FileManager.default.contentsOfDirectory(atPath: copy) {
          let url = URL(fileURLWithPath: "\(copy)/\(name)")
          let text = try String(contentsOf: url, encoding: .utf8)
          try Data(text.replacing(id, with: "run-\(index)").utf8).write(to: url)
        }
      }
      let script =
        "for i in $(seq 0 \(count - 1)); do \"$0\" history add run$i --dirty --folder history & "
        + "jobs=\"$jobs $!\"; done; code=0; for j in $jobs; do wait $j || code=$?; done; exit $code"
      let command = try Command(
        program: ["/bin/bash", "-c", script, Command.program], workingFolder: folder)
      #expect(command.exitCode == 0, "\(command.errors)")
      let names = try #require(FileManager.default.enumerator(atPath: folder + "/history"))
        .compactMap { $0 as? String }
      let files = names.filter { $0.hasSuffix(".csv") }
      #expect(!files.isEmpty)
      // A folder for the class of hosts, and nothing else.
      #expect(names.count == files.count + 1, "\(names)")
      for file in files {
        let text = try String(contentsOfFile: "\(folder)/history/\(file)", encoding: .utf8)
        let lines = text.split(separator: "\n")
        #expect(lines.count == count + 1, "\(file)")
        #expect(lines[0].hasPrefix("time,commit,run_id,"))
        for index in 0..<count {
          #expect(lines.count { $0.contains(",run-\(index),") } == 1, "\(file)")
        }
      }
    }
  }
}
