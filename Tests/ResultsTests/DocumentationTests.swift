import Foundation
import Results
import Testing

struct DocumentationTests {
  private static let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("results/README.md")

  /// The table below a heading of `results/README.md`.
  private static func table(_ heading: String) throws -> String {
    let text = try String(contentsOf: readme, encoding: .utf8)
    let section = try #require(
      text.split(separator: "\n## ").first { $0.hasPrefix(heading + "\n") })
    return section.split(separator: "\n").filter { $0.hasPrefix("|") }.map { $0 + "\n" }.joined()
  }

  /// Names in the first column of that table.
  private static func documented(_ heading: String) throws -> [String] {
    try table(heading).split(separator: "\n").filter { $0.hasPrefix("| `") }.map {
      $0.dropFirst(3).prefix { $0 != "`" }.description
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

  /// The tables of columns by heading, from the declarations.
  private static let tables: [(heading: String, table: String)] = {
    let summary = Schema.summary.ownColumns.filter { column in
      !Schema.workloads.columns.contains { $0.name == column.name }
    }
    let keys = Array(Schema.samples.columns.dropLast(Schema.samples.ownColumns.count))
    func table<Row>(_ schema: Schema<Row>) -> String {
      Schema.documentation(of: schema.ownColumns)
    }
    return [
      ("Key columns", Schema.documentation(of: keys)),
      ("samples.csv", table(.samples)), ("workloads.csv", table(.workloads)),
      ("layers.csv", table(.layers)), ("roofs.csv", table(.roofs)),
      ("phases.csv", table(.phases)), ("counters.csv", table(.counters)),
      ("plan.csv", table(.plan)), ("calibration.csv", table(.calibration)),
      ("summary.csv", Schema.documentation(of: summary)), ("compare.csv", table(.compare)),
      ("compare-runs.csv", table(.compareRuns)), ("pairs.csv", table(.pairs)),
      (".alexbench.csv", table(.policy)), ("baselines/&lt;host class&gt;/", table(.baseline)),
      ("baselines/counts.csv", table(.counts)),
    ]
  }()

  @Test("The tables of columns in results/README.md are those of the declarations")
  func columns() throws {
    for (heading, table) in Self.tables {
      let found = try Self.table(heading)
      // ALEXBENCH_WRITE_GOLDEN=1 writes the tables anew.
      if found != table, ProcessInfo.processInfo.environment["ALEXBENCH_WRITE_GOLDEN"] == "1" {
        let text = try String(contentsOf: Self.readme, encoding: .utf8)
        try text.replacing(found, with: table).write(
          to: Self.readme, atomically: true, encoding: .utf8)
      } else {
        #expect(found == table, "results/README.md, \(heading)")
      }
    }
  }

  @Test("Every column has a meaning")
  func meanings() {
    #expect(Self.tables.allSatisfy { !$0.table.contains("|  |") })
  }
}
