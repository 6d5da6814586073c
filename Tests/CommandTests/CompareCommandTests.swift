import Foundation
import Results
import Testing

@Suite struct CompareCommandTests {
  /// Two committed runs of one machine.
  private static let samples: [String] = {
    let parent = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("results/sample").path
    return ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).sorted()
      .map { parent + "/" + $0 }
  }()

  private func withCopy(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { parent in
      let copy = parent + "/run"
      try FileManager.default.copyItem(atPath: try #require(Self.samples.first), toPath: copy)
      try body(copy)
    }
  }

  private func edit(_ path: String, _ change: (String) -> String) throws {
    let url = URL(fileURLWithPath: path)
    try Data(change(try String(contentsOf: url, encoding: .utf8)).utf8).write(to: url)
  }

  @Test("The rows of one run are those of its compare.csv, which is written where it is missing")
  func oneRun() throws {
    try withCopy { folder in
      let file = folder + "/compare.csv"
      let good = try String(contentsOf: URL(fileURLWithPath: file), encoding: .utf8)
      let csv = try Command(["compare", folder, "--format", "csv"])
      #expect(csv.exitCode == 0, "\(csv.errors)")
      #expect(csv.output == good && csv.errors.isEmpty)
      try FileManager.default.removeItem(atPath: file)
      // Another base leaves the folder alone.
      let other = try Command(
        ["compare", folder, "--base", "simd", "--format", "csv", "-o", folder + "/../simd.csv"])
      #expect(other.exitCode == 0, "\(other.errors)")
      #expect(!FileManager.default.fileExists(atPath: file))
      #expect(
        try String(contentsOf: URL(fileURLWithPath: folder + "/../simd.csv"), encoding: .utf8)
          == other.output)
      #expect(try Command(["compare", folder]).exitCode == 0)
      #expect(try String(contentsOf: URL(fileURLWithPath: file), encoding: .utf8) == good)
      try edit(file) { $0.replacing("alexnet,0,conv1", with: "alexnet,0,conv9") }
      let stale = try Command(["compare", folder, "--format", "csv"])
      #expect(stale.output == good)
      #expect(stale.errors.contains("does not match the other files"))
    }
  }

  @Test("A run against itself has no difference")
  func itself() throws {
    let run = try #require(Self.samples.first)
    let command = try Command(["compare", run, run, "--format", "json"])
    #expect(command.exitCode == 0, "\(command.errors)")
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(command.output.utf8)) as? [String: Any])
    let verdicts = try #require(object["rows"] as? [[String: Any]]).compactMap {
      $0["verdict"] as? String
    }
    #expect(!verdicts.isEmpty && !verdicts.contains("slower") && !verdicts.contains("faster"))
    #expect((object["environment_differences"] as? [Any])?.isEmpty == true)
  }

  @Test("Runs of different hosts are refused with 5 and field by field; ratios are compared")
  func hosts() throws {
    try withCopy { folder in
      try edit(folder + "/environment.json") {
        $0.replacing("\"host_class\" : \"", with: "\"host_class\" : \"other-")
      }
      let run = try #require(Self.samples.first)
      let refused = try Command(["compare", run, folder])
      #expect(refused.exitCode == 5)
      #expect(refused.errors.contains("host.host_class was '"))
      #expect(refused.errors.contains("--cross-host"))
      #expect(refused.errors.split(separator: "\n").count == 1)
      let ratios = try Command(["compare", run, folder, "--cross-host"])
      #expect(ratios.exitCode == 0, "\(ratios.errors)")
      #expect(ratios.output.contains("ratios to im2col-openblas within each"))
    }
  }

  @Test("Corrupt, missing and other-version inputs are one line, with 65, 66 and 5")
  func broken() throws {
    func expect(_ arguments: [String], _ code: Int32, _ sentence: String) throws {
      for command in ["compare", "report"] where command == "compare" || arguments.count == 1 {
        let result = try Command([command] + arguments)
        #expect(result.exitCode == code, "\(result.errors)")
        #expect(result.errors.contains(sentence), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.output.isEmpty)
      }
    }
    let run = try #require(Self.samples.first)
    try withCopy { folder in
      try expect([folder + "-none"], 66, "does not exist")
      try expect([run, folder + "-none"], 66, "does not exist")
      try edit(folder + "/samples.csv") {
        $0.replacing("alexnet,0,conv1", with: "alexnet,zero,conv1", maxReplacements: 1)
      }
      try expect([folder], 65, "samples.csv:2: column 'layer_index': 'zero' is not a value of it")
      try expect([run, folder], 65, "samples.csv:2")
    }
    try withCopy { folder in
      try edit(folder + "/workloads.csv") { $0.replacing("\n1,", with: "\n2,") }
      try expect([folder], 5, "schema version '2', this program reads 1")
      try expect([run, folder], 5, "schema version '2'")
    }
    try withCopy { folder in
      try edit(folder + "/environment.json") { String($0.prefix(200)) }
      try expect([folder], 65, "environment.json")
    }
  }

  @Test("Unknown bases and options that do not go together are usage errors")
  func usage() throws {
    let run = try #require(Self.samples.first)
    let base = try Command(["compare", run, "--base", "gpu"])
    #expect(base.exitCode == 64)
    #expect(base.errors.contains("no times of backend 'gpu'"))
    for arguments in [
      [run, run, run], [run, "--cross-host"], [run, run, "--base", "simd"],
      [run, "--margin", "3%"],
    ] {
      #expect(try Command(["compare"] + arguments).exitCode == 64)
    }
    #expect(try Command(["report", run, "--format", "markdown", "--plots", "x"]).exitCode == 64)
    #expect(try Command(["report", run, "--plots", run + "/none"]).exitCode == 66)
    #expect(try Command(["report", run, "-o", "/proc/nonexistent/report.html"]).exitCode == 6)
  }

  @Test("A report of the latest run is one file with the plots of a folder")
  func report() throws {
    try withTemporaryFolder { parent in
      let runs = parent + "/results/runs"
      let plots = parent + "/plots"
      for folder in [runs, plots] {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      try FileManager.default.copyItem(
        atPath: try #require(Self.samples.first), toPath: runs + "/20260101T000000Z-aaaaaa")
      try Data("<svg xmlns='x'/>".utf8).write(to: URL(fileURLWithPath: plots + "/b roof.svg"))
      let command = try Command(["report", "--plots", "plots"], workingFolder: parent)
      #expect(command.exitCode == 0, "\(command.errors)")
      #expect(command.output == "report: report.html\n")
      let html = try String(
        contentsOf: URL(fileURLWithPath: parent + "/report.html"), encoding: .utf8)
      #expect(html.contains("<figcaption>b roof</figcaption>"))
      #expect(
        html.contains("alexbench report results/runs/20260101T000000Z-aaaaaa -o report.html"))
      let markdown = try Command(["report", "--format", "markdown"], workingFolder: parent)
      #expect(markdown.exitCode == 0, "\(markdown.errors)")
      #expect(markdown.output.hasPrefix("## AlexBench run 20"))
    }
  }
}
