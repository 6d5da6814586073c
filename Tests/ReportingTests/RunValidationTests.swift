import Foundation
import Reporting
import Results
import Testing

struct RunValidationTests {
  /// A small run as `alexbench run` leaves it; gone with the object.
  private final class GoodRun {
    let parent: String
    let folder: String

    init() throws {
      parent = NSTemporaryDirectory() + "alexbench-validation-\(UUID().uuidString)"
      let folder = try RunFolder(parent: parent)
      self.folder = folder.path
      var run = TestRun()
      run.addLayer("conv1", index: 0, flops: 5000)
      run.addLayer("drop6", index: 1, kind: "dropout", flops: 0)
      run.addLayer("net", index: -1, kind: "network", flops: 9000)
      for (number, backend) in ["im2col-openblas", "simd"].enumerated() {
        let times = (0..<8).map { 1000 + 300 * number + $0 * 7 % 5 }
        run.add(TestRun.key("conv1", index: 0, backend: backend), nanoseconds: times)
        run.add(
          TestRun.key("drop6", index: 1, backend: backend, kind: "dropout"), status: .elided,
          reason: "dropout is the identity")
        run.add(TestRun.netKey(backend: backend), nanoseconds: times.map { 10 * $0 })
      }
      let roofs = [TestRun.roof(.multiplyAdd, 100), TestRun.roof(.memory, 10)]
      let key = TestRun.key("conv1", index: 0)
      try folder.append(run.samples)
      try folder.write(run.workloads)
      try folder.write(run.layers)
      try folder.write(roofs)
      try folder.write([
        PhaseRow(key: key, phase: "gemm", callCount: 3, nanoseconds: 900, sharePercent: 90),
        PhaseRow(key: key, phase: "rest", callCount: 3, nanoseconds: 100, sharePercent: 10),
      ])
      try folder.write([
        PlanRow(key: key, tile: "4", nanoseconds: 5, isChosen: true, origin: PlanOrigin()),
        PlanRow(key: key, tile: "direct", nanoseconds: 6, isChosen: false, origin: PlanOrigin()),
      ])
      try folder.write(
        summarise(
          samples: run.samples, workloads: run.workloads, layers: run.layers, roofs: roofs))
      try folder.write(compare(samples: run.samples, workloads: run.workloads))
      try folder.write(
        Environment(
          runID: "r", startedAt: "2026-01-02T03:04:05Z", arguments: ["alexbench", "run"],
          seeds: [:], build: BuildEnvironment(compiler: "Swift", configuration: "release"),
          host: HostEnvironment()))
    }

    deinit { try? FileManager.default.removeItem(atPath: parent) }

    func path(_ file: String) -> String { folder + "/" + file }

    func text(_ file: String) throws -> String {
      try String(contentsOf: URL(fileURLWithPath: path(file)), encoding: .utf8)
    }

    func write(_ text: String, to file: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path(file)))
    }

    var messages: [String] {
      get throws { try RunValidation(folder: folder).violations.map(\.description) }
    }
  }

  @Test("A run as it was written is valid, with a line per file")
  func good() throws {
    let run = try GoodRun()
    let validation = try RunValidation(folder: run.folder)
    #expect(validation.isValid, "\(validation.violations)")
    #expect(
      validation.files == [
        "environment.json: run r", "samples.csv: 32 rows", "workloads.csv: 6 rows",
        "layers.csv: 3 rows", "roofs.csv: 2 rows",
        "summary.csv: 6 rows, the same when computed again",
        "compare.csv: 2 rows, the same when computed again", "phases.csv: 2 rows",
        "plan.csv: 2 rows",
      ])
  }

  @Test("Files that earlier versions did not write may be missing")
  func earlier() throws {
    let run = try GoodRun()
    for file in ["compare.csv", "phases.csv", "plan.csv"] {
      try FileManager.default.removeItem(atPath: run.path(file))
    }
    let validation = try RunValidation(folder: run.folder)
    #expect(validation.isValid, "\(validation.violations)")
    #expect(validation.files.count == 6)
  }

  @Test("A run with a column less, one more and another order is valid as well, and says so")
  func otherColumns() throws {
    let run = try GoodRun()
    let changes = [
      ("samples.csv", "switches"), ("workloads.csv", "peak_rss_bytes"),
      ("layers.csv", "parameters"), ("roofs.csv", "n_probes"), ("summary.csv", "p95_ns"),
      ("compare.csv", "correction"), ("phases.csv", "n_calls"),
    ]
    for (file, missing) in changes {
      var lines = try run.text(file).split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      }
      let place = try #require(lines[0].firstIndex(of: missing))
      for index in lines.indices {
        lines[index].remove(at: place)
        lines[index].insert(index == 0 ? "later" : "x\(index)", at: 3)
        lines[index].reverse()
      }
      try run.write(lines.map { $0.joined(separator: ",") + "\n" }.joined(), to: file)
    }
    let validation = try RunValidation(folder: run.folder)
    #expect(validation.isValid, "\(validation.violations)")
    #expect(
      validation.files.contains(
        "samples.csv: 32 rows, without switches, unknown and left out: later"))
    #expect(
      validation.files.contains(
        "summary.csv: 6 rows, without p95_ns, unknown and left out: later, the same when computed "
          + "again"))
    let files = try RunFiles(folder: run.folder)
    #expect(files.samples.count == 32 && files.summary.count == 6)
    #expect(files.notices.count == 2 * changes.count)
  }

  /// A change of one file, and the message that points to it.
  struct Damage: Sendable, CustomTestStringConvertible {
    var file: String
    /// Line from 1.
    var line: Int
    var column: String
    var value: String
    var message: String
    var testDescription: String { "\(file):\(line) \(column) = \(value)" }

    init(_ file: String, _ line: Int, _ column: String, _ value: String, _ message: String) {
      self.file = file
      self.line = line
      self.column = column
      self.value = value
      self.message = message
    }
  }

  private static let damages = [
    Damage("samples.csv", 3, "wall_ns", "fast", "column 'wall_ns': 'fast' is not a value of it"),
    Damage("samples.csv", 4, "run_id", "other", "column 'run_id': 'other' is not the run 'r'"),
    Damage("samples.csv", 5, "layer", "conv9", "workloads.csv has no row with this key"),
    Damage("samples.csv", 3, "round", "0", "column 'round': is another block of this launch"),
    Damage("samples.csv", 3, "wall_ns", "0", "column 'wall_ns': must be above 0"),
    Damage("samples.csv", 3, "clock_ghz", "3.00", "not formatted as alexbench writes it"),
    Damage("samples.csv", 2, "block_iterations", "0", "column 'block_iterations': must be 1"),
    Damage("workloads.csv", 2, "reason", "why", "column 'reason': must be empty with status ok"),
    Damage("workloads.csv", 3, "reason", "", "column 'reason': is missing with status elided"),
    Damage("workloads.csv", 3, "status", "ok", "is ok, but samples.csv has no block of it"),
    Damage("workloads.csv", 2, "threads", "", "column 'threads': is empty"),
    Damage("workloads.csv", 4, "layer_index", "7", "layers.csv has no such layer"),
    Damage("workloads.csv", 2, "schema_version", "9", "schema version '9'"),
    Damage("layers.csv", 3, "flops", "-1", "column 'flops': must not be negative"),
    Damage("layers.csv", 2, "layer_index", "5", "workloads.csv:2: column 'layer'"),
    Damage("roofs.csv", 2, "value", "-3.0", "column 'value': must be above 0"),
    Damage("roofs.csv", 3, "unit", "GFLOP/s", "column 'unit': 'GFLOP/s' is not a value of it"),
    Damage("summary.csv", 2, "median_ns", "1.5", "column 'median_ns': not what the other files"),
    Damage("summary.csv", 2, "mde_pct", "", "column 'mde_reason': is missing where mde_pct"),
    Damage("summary.csv", 3, "median_ns", "5.0", "column 'median_ns': must be empty with status"),
    Damage("summary.csv", 2, "interval_reason", "x", "must be empty beside a ci95_lo_ns"),
    Damage("compare.csv", 2, "verdict", "faster", "column 'verdict': not what the other files"),
    Damage("compare.csv", 2, "verdict", "inconclusive", "column 'reason': is missing with verdict"),
    Damage("compare.csv", 2, "ratio_ci_hi", "", "column 'ratio_ci_hi': is missing"),
    Damage("phases.csv", 2, "share_pct", "190.0", "column 'share_pct': must be in 0 … 100"),
    Damage("phases.csv", 3, "phase", "gemm", "column 'phase': is another row of this phase"),
    Damage("plan.csv", 3, "chosen", "1", "column 'chosen': is another chosen tile"),
  ]

  @Test("Whatever is changed in a file is found and pointed to", arguments: damages)
  private func damaged(damage: Damage) throws {
    let run = try GoodRun()
    var lines = try run.text(damage.file).split(
      separator: "\n", omittingEmptySubsequences: false
    ).map(String.init)
    let column = lines[0].split(separator: ",").firstIndex { $0 == damage.column }
    let index = try #require(column)
    var fields = lines[damage.line - 1].split(separator: ",", omittingEmptySubsequences: false)
      .map(String.init)
    fields[index] = damage.value
    lines[damage.line - 1] = fields.joined(separator: ",")
    try run.write(lines.joined(separator: "\n"), to: damage.file)
    let messages = try run.messages
    // A damage may show in another file, which the message then names.
    let place = damage.message.contains(".csv:") ? ":" : "\(damage.file):\(damage.line): "
    #expect(
      messages.contains {
        $0.contains(place) && $0.contains(damage.message)
      }, "\(messages)")
  }

  @Test("A last line that is cut off, lines that are swapped, and other line ends are found")
  func texts() throws {
    var run = try GoodRun()
    try run.write(String(try run.text("samples.csv").dropLast(5)), to: "samples.csv")
    #expect(try run.messages.contains { $0.contains("samples.csv:33: the last line is cut off") })

    run = try GoodRun()
    try run.write(
      try run.text("layers.csv").replacing("\n", with: "\r\n"), to: "layers.csv")
    #expect(
      try run.messages.contains {
        $0.contains("layers.csv:1: column 'weight_bytes': not formatted")
      })

    run = try GoodRun()
    var lines = try run.text("summary.csv").split(separator: "\n").map(String.init)
    lines.swapAt(1, 4)
    try run.write(lines.map { $0 + "\n" }.joined(), to: "summary.csv")
    #expect(
      try run.messages == [
        "summary.csv:2: column 'backend': not what the other files give: 'simd' instead of "
          + "'im2col-openblas'; 'alexbench summarise' writes it again"
      ])

    run = try GoodRun()
    try run.write(
      lines.dropLast().map { $0 + "\n" }.joined(), to: "summary.csv")
    #expect(try !run.messages.isEmpty)
  }

  @Test("A row too few or too many in a computed file is found")
  func rowCount() throws {
    var run = try GoodRun()
    let good = try run.text("compare.csv")
    let lines = good.split(separator: "\n").map { $0 + "\n" }
    try run.write(lines.dropLast().joined(), to: "compare.csv")
    #expect(try run.messages.contains { $0.contains("compare.csv:3") && $0.contains("is missing") })
    run = try GoodRun()
    try run.write(good + lines[2], to: "compare.csv")
    let messages = try run.messages
    #expect(messages.contains { $0.contains("compare.csv:4") && $0.contains("is too much") })
    #expect(messages.contains { $0.contains("is another row of this pair") })
  }

  @Test("A file that is missing or an environment of another run are violations")
  func missingFiles() throws {
    var run = try GoodRun()
    try FileManager.default.removeItem(atPath: run.path("workloads.csv"))
    #expect(try run.messages == ["'\(run.folder)/workloads.csv' does not exist"])
    run = try GoodRun()
    let text = try run.text("environment.json").replacing(
      "\"run_id\" : \"r\"", with: "\"run_id\" : \"s\"")
    try run.write(text, to: "environment.json")
    let messages = try run.messages
    #expect(messages.contains { $0.contains("workloads.csv:2: column 'run_id'") })
    // 32 samples: the first ten, and how many more.
    #expect(messages.contains { $0.contains("samples.csv: and 22 more like these") })
    run = try GoodRun()
    try run.write("{", to: "environment.json")
    #expect(try run.messages.contains { $0.contains("environment.json") })
  }

  @Test("A folder that is not there is an error of its own")
  func missingFolder() {
    let error = #expect(throws: ResultsError.self) {
      try RunValidation(folder: "/proc/nonexistent")
    }
    #expect(error == .missing(path: "/proc/nonexistent"))
  }

  /// The committed runs, below `results`.
  private static let committed: [String] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("results")
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: root.path)) ?? []
    // Those folders are left out of the repository.
    return paths.filter {
      $0.hasSuffix("/samples.csv") && !$0.hasPrefix("runs/") && !$0.hasPrefix("checks/")
    }.sorted().map {
      root.appendingPathComponent($0).deletingLastPathComponent().path
    }
  }()

  @Test("There are committed runs")
  func someCommitted() { #expect(Self.committed.count >= 4) }

  @Test("Every committed run is valid", arguments: committed)
  private func committedRun(folder: String) throws {
    let validation = try RunValidation(folder: folder)
    #expect(validation.isValid, "\(validation.violations)")
    #expect(validation.files.contains { $0.hasPrefix("compare.csv") })
  }
}
