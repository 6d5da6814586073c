import Foundation
import Results
import Testing

@Suite struct HistoryTests {
  /// What is taken from a run.
  private struct Run {
    var summary: [SummaryRow]
    var layers: [LayerRow]
    var environment: Environment

    func add(to folder: String) throws -> [(path: String, outcome: History.Outcome)] {
      try History.add(summary, layers: layers, environment: environment, to: folder)
    }
  }

  private func run(_ id: String, commit: String?, medians: [String: Double]) -> Run {
    var host = HostEnvironment()
    host.hostClass = "host-a"
    let environment = Environment(
      runID: id, startedAt: "2026-01-01T00:00:00Z", arguments: [], seeds: [:],
      build: BuildEnvironment(compiler: "c", configuration: "release", gitCommit: commit),
      host: host)
    let layers = ["conv1", "conv2", "net"]
    func key(_ layer: String) -> WorkloadKey {
      WorkloadKey(
        runID: id, network: "alexnet", layerIndex: 0, layer: layer, stage: "", kind: "",
        direction: .forward, backend: "simd", isa: "avx2", threads: 1, batch: 1, pass: .isolated,
        cache: .warm)
    }
    let names = layers
    return Run(
      summary: names.map { layer in
        var row = SummaryRow(
          workload: WorkloadRow(
            key: key(layer), status: medians[layer] == nil ? .skipped : .ok))
        row.time.median = medians[layer]
        return row
      },
      layers: names.enumerated().map { index, layer in
        LayerRow(
          runID: id, network: "alexnet", layerIndex: index, layer: layer, stage: "", kind: "",
          batch: 1, inputShape: "", outputShape: "", problem: "", multiplyAdds: 0, flops: 0,
          parameters: 0, inputBytes: 0, outputBytes: 0, weightBytes: 0)
      }, environment: environment)
  }

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-history-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  @Test("Runs are appended as lines with a column per layer, and read back")
  func append() throws {
    try withFolder { folder in
      let first = try run("r1", commit: "aaa", medians: ["conv1": 10.5, "net": 100]).add(to: folder)
      let path = "\(folder)/host-a/alexnet-b1-t1-simd-avx2-warm.csv"
      #expect(first.map(\.path) == [path] && first.map(\.outcome) == [.added])
      _ = try run("r2", commit: "bbb", medians: ["conv1": 11, "net": 90]).add(to: folder)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(
        text == """
          time,commit,run_id,host_class,conv1_ns,net_ns
          2026-01-01T00:00:00Z,aaa,r1,host-a,10.5,100.0
          2026-01-01T00:00:00Z,bbb,r2,host-a,11.0,90.0

          """)
      let files = try History.files(in: folder)
      #expect(files.count == 1)
      #expect(files[0].hostClass == "host-a" && files[0].layers == ["conv1", "net"])
      #expect(files[0].series(of: "conv1").map(\.nanoseconds) == [10.5, 11])
      #expect(files[0].series(of: "net").map(\.entry.commit) == ["aaa", "bbb"])
    }
  }

  @Test("A file that changes under its name begins another history; the catalog's names stay")
  func contents() throws {
    try withFolder { folder in
      func add(_ id: String, path: String?, graph: String) throws -> [String] {
        var run = run(id, commit: "a", medians: ["conv1": 10])
        run.environment.inputs = [
          InputEnvironment(role: .network, name: "alexnet", path: path, graph: graph)
        ]
        return try run.add(to: folder).map(\.path)
      }
      let first = try add("r1", path: "/n", graph: "0123456789abcdef")
      #expect(first == ["\(folder)/host-a/alexnet-01234567-b1-t1-simd-avx2-warm.csv"])
      #expect(try add("r2", path: "/n", graph: "0123456789abcdef") == first)
      #expect(try add("r3", path: "/n", graph: "1123456789abcdef") != first)
      #expect(
        try add("r4", path: nil, graph: "0123456789abcdef")
          == ["\(folder)/host-a/alexnet-b1-t1-simd-avx2-warm.csv"])
    }
  }

  @Test("A run is added once")
  func once() throws {
    try withFolder { folder in
      let run = run("r1", commit: "aaa", medians: ["conv1": 10])
      _ = try run.add(to: folder)
      #expect(try run.add(to: folder).map(\.outcome) == [.alreadyThere])
      #expect(try History.files(in: folder)[0].entries.count == 1)
    }
  }

  @Test("Other layers, damaged lines and missing folders are errors with their place")
  func errors() throws {
    try withFolder { folder in
      let other = run("r2", commit: "b", medians: ["conv1": 10, "conv2": 20])
      _ = try run("r1", commit: "a", medians: ["conv1": 10]).add(to: folder)
      #expect(throws: ResultsError.self) { try other.add(to: folder) }
      let path = "\(folder)/host-a/alexnet-b1-t1-simd-avx2-warm.csv"
      let whole = try String(contentsOfFile: path, encoding: .utf8)
      for broken in [
        whole + "x\n", whole + "t,c,r,h,fast\n", whole + "t,c,r,h,\n", String(whole.dropLast()),
        "a,b\n", whole + "\"t\",c,r,h,5\n", whole + "t ,c,r,h,5\n",
        whole.replacing("conv1_ns", with: "conv1"),
      ] {
        try Data(broken.utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: ResultsError.self) { try History.files(in: folder) }
      }
      #expect(throws: ResultsError.self) { try History.files(in: "/proc/nonexistent") }
    }
  }
}
