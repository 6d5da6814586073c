import Foundation
import Results
import Testing

@Suite("alexbench plot")
struct PlotCommandTests {
  private static let sample: String = {
    let parent = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("results/sample").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    return "\(parent)/\(names.sorted().first ?? "")"
  }()

  private static let hasGnuplot = (ProcessInfo.processInfo.environment["PATH"] ?? "")
    .split(separator: ":").contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/gnuplot")
    }

  @Test(
    "Draws what is asked for, says what was skipped, and prints the paths",
    .enabled(if: hasGnuplot, "gnuplot is not installed; Scripts/setup --test installs it"))
  func draws() throws {
    try withTemporaryFolder { folder in
      let out = "\(folder)/new/plots"
      let command = try Command([
        "plot", Self.sample, "--out", out, "--kind", "speedup,counters", "--format", "both",
        "--network", "alexnet", "--batch", "1", "--threads", "1",
      ])
      #expect(command.exitCode == 0, "\(command.errors)")
      let names = ["speedup-alexnet-b1-t1.svg", "speedup-alexnet-b1-t1.png"]
      #expect(Set(try FileManager.default.contentsOfDirectory(atPath: out)) == Set(names))
      #expect(command.output == names.map { "\(out)/\($0)\n" }.joined())
      #expect(command.errors.hasPrefix("alexbench: skipped counters: "))
      #expect(command.errors.split(separator: "\n").count == 1)
    }
  }

  @Test(
    "What is wrong is one line and its exit code",
    .enabled(if: hasGnuplot, "gnuplot is not installed; Scripts/setup --test installs it"),
    arguments: [
      (["--network", "nonet"], 64, "no network 'nonet' in the runs; there "),
      (["--base", "nobackend"], 64, "no backend 'nobackend'"),
      (["--kind", "counters"], 3, "the runs have no data for any of the plots"),
      (["--kind", "speedup", "--out", "/dev/null/x"], 6, "cannot write '/dev/null/x'"),
      (["/nowhere/run"], 66, "does not exist"),
    ] as [([String], Int32, String)])
  func failures(arguments: [String], exitCode: Int32, message: String) throws {
    let command = try Command(["plot", Self.sample] + arguments)
    #expect(command.exitCode == exitCode, "\(command.errors)")
    #expect(command.output == "")
    #expect(command.errors.contains(message), "\(command.errors)")
  }

  @Test("Without gnuplot one line names the package, and the exit code is 3")
  func missing() throws {
    try withTemporaryFolder { folder in
      let command = try Command(
        ["plot", Self.sample, "--out", "\(folder)/plots"], environment: ["PATH": folder])
      #expect(command.exitCode == 3)
      #expect(
        command.errors == "alexbench: gnuplot is not installed, and it draws the plots; apt-get "
          + "install gnuplot-nox, or the package of that name elsewhere\n")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    }
  }
}
