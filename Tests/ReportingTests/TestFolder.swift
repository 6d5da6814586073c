import Foundation
import Reporting
import Results

/// A run's folder made of plain values; gone with the object.
final class TestFolder {
  private let parent: String
  let path: String

  init(
    _ run: TestRun, runID: String = "r", roofs: [RoofRow] = [], phases: [PhaseRow] = [],
    counters: [CounterRow] = [], change: (inout Environment) -> Void = { _ in }
  ) throws {
    parent =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("alexbench-reporting-\(UUID().uuidString)").path
    let folder = try RunFolder(parent: parent)
    path = folder.path
    try folder.append(run.samples)
    try folder.write(run.workloads)
    try folder.write(run.layers)
    if !roofs.isEmpty { try folder.write(roofs) }
    try folder.write(
      summarise(
        samples: run.samples, workloads: run.workloads, layers: run.layers, roofs: roofs))
    try folder.write(compare(samples: run.samples, workloads: run.workloads))
    if !phases.isEmpty { try folder.write(phases) }
    if !counters.isEmpty { try folder.write(counters) }
    var environment = Self.environment(runID)
    change(&environment)
    try folder.write(environment)
  }

  deinit { try? FileManager.default.removeItem(atPath: parent) }

  var files: RunFiles { get throws { try RunFiles(folder: path) } }

  static func environment(_ runID: String) -> Environment {
    var host = HostEnvironment()
    host.cpu.architecture = "x86_64"
    host.cpu.brand = "Test CPU"
    host.affinity = [0, 1]
    host.hostClass = "test-host"
    return Environment(
      runID: runID, startedAt: "2026-01-01T00:00:00Z", arguments: ["alexbench", "run"], seeds: [:],
      build: BuildEnvironment(compiler: "Swift 6.3", configuration: "release"), host: host)
  }
}

/// A text of `Tests/Golden/reporting`.
struct GoldenText {
  let name: String

  private var url: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Golden/reporting/\(name)")
  }

  /// Nil when the file says the same; otherwise where the new text is, to be looked at and copied.
  func difference(from text: String) -> String? {
    let golden = try? String(contentsOf: url, encoding: .utf8)
    if golden == text { return nil }
    let copy = FileManager.default.temporaryDirectory.appendingPathComponent(name)
    try? Data(text.utf8).write(to: copy)
    return "\(name) is not what it was; the new text is in \(copy.path)"
  }
}
