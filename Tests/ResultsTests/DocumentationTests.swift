import Foundation
import Results
import Testing

struct DocumentationTests {
  /// Names in the first column of the tables below a heading of `results/README.md`.
  private static func documented(_ heading: String) throws -> [String] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: root.appendingPathComponent("results/README.md"), encoding: .utf8)
    let sections = text.split(separator: "\n## ")
    let section = try #require(sections.first { $0.hasPrefix(heading + "\n") })
    return section.split(separator: "\n").compactMap { line in
      guard line.hasPrefix("| `") else { return nil }
      return line.dropFirst(3).prefix { $0 != "`" }.description
    }
  }

  @Test("results/README.md lists what host --json has, and every identifier of a finding")
  func hostReport() throws {
    let report = HostReport(
      threads: 1, cpus: [], findings: [], condition: HostCondition(), host: HostEnvironment(),
      build: BuildEnvironment(compiler: "", configuration: ""))
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(report.jsonText().utf8)) as? [String: Any])
    #expect(try Self.documented("alexbench host --json") == object.keys.sorted())
    #expect(
      try Self.documented("Findings")
        == HostFinding.Kind.allCases.map(\.rawValue).sorted())
  }

  @Test(
    "results/README.md lists the columns of every file in their order",
    arguments: [
      ("samples.csv", Schema.samples.columns.map(\.name)),
      ("workloads.csv", Schema.workloads.columns.map(\.name)),
      ("layers.csv", Schema.layers.columns.map(\.name)),
      ("roofs.csv", Schema.roofs.columns.map(\.name)),
      ("phases.csv", Schema.phases.columns.map(\.name)),
      ("counters.csv", Schema.counters.columns.map(\.name)),
      ("plan.csv", Schema.plan.columns.map(\.name)),
      ("calibration.csv", Schema.calibration.columns.map(\.name)),
      ("compare.csv", Schema.compare.columns.map(\.name)),
      ("compare-runs.csv", Schema.runsCompare.columns.map(\.name)),
      (
        "summary.csv",
        Schema.summary.columns.map(\.name).filter { name in
          !Schema.workloads.columns.contains { $0.name == name }
        }
      ),
    ])
  func columns(file: String, names: [String]) throws {
    let keys = try Self.documented("Key columns")
    #expect(keys.count == 14)
    let own = try Self.documented(file)
    #expect(!own.isEmpty)
    #expect(file == "summary.csv" ? own == names : keys + own == names)
  }
}
