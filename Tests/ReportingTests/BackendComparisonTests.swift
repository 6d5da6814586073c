import Foundation
import Reporting
import Results
import Testing

@Suite struct BackendComparisonTests {
  private static let warnings = [
    "the load average is 2.5", "simd: simd-1.0 uses avx2 kernels: no fair picture of the library",
  ]

  private func comparison(base: String? = nil, _ run: TestRun = ComparedRun.make()) throws
    -> BackendComparison
  {
    let folder = try TestFolder(run) { $0.warnings = Self.warnings }
    let files = try folder.files
    return try BackendComparison(files, base: base)
  }

  @Test("With the usual base the rows are those of compare.csv")
  func rows() throws {
    let folder = try TestFolder(ComparedRun.make())
    let files = try folder.files
    let comparison = try BackendComparison(files)
    #expect(comparison.csv() == (try Schema.compare.text(inFolder: folder.path)))
    #expect(comparison.base == "im2col-openblas" && comparison.baseNotice == nil)
  }

  @Test("Another base turns the ratios round, and one without times is refused")
  func base() throws {
    let usual = try comparison()
    let other = try comparison(base: "simd")
    let there = try #require(
      usual.rows.first { $0.key.pass == .net && $0.contender == "simd" })
    let back = try #require(
      other.rows.first { $0.key.pass == .net && $0.contender == "im2col-openblas" })
    #expect(other.rows.allSatisfy { $0.baseline == "simd" })
    #expect(abs(try #require(there.ratio) * (try #require(back.ratio)) - 1) < 1e-12)
    #expect(
      throws: ReportingError.unknownBase(
        name: "blis", run: "r", known: ["im2col-openblas", "simd", "winograd"])
    ) { try comparison(base: "blis") }
  }

  @Test("Without the usual base the first backend with times is taken, and that is said")
  func missingBase() throws {
    var run = ComparedRun.make()
    run.workloads.removeAll { $0.key.backend == "im2col-openblas" }
    run.samples.removeAll { $0.key.backend == "im2col-openblas" }
    let comparison = try comparison(run)
    #expect(comparison.base == "simd")
    #expect(try #require(comparison.baseNotice).contains("the base is simd"))
    #expect(comparison.terminal().contains("the base is simd"))
  }

  @Test("Winners are named per layer, stage and net; what was handed on is not")
  func winners() throws {
    let winners = try comparison().winners
    func winner(_ layer: String, _ pass: Pass, _ kind: String) -> String? {
      winners.first { $0.key.layer == layer && $0.key.pass == pass && $0.key.kind == kind }?.backend
    }
    #expect(winner("conv2", .isolated, "convolution") == "winograd")
    #expect(winner("net", .net, "network") == "winograd")
    #expect(winner("relu1", .isolated, "relu") == "simd")
    #expect(winner("conv1", .inNet, "stage") == "winograd")
    #expect(winner("conv1", .inNet, "convolution") == nil)
  }

  @Test("The table, Markdown, CSV and JSON are what they were when looked at")
  func golden() throws {
    let comparison = try comparison()
    for (name, text) in [
      ("compare.txt", comparison.terminal()), ("compare.md", comparison.markdown()),
      ("compare.csv", comparison.csv()), ("compare.json", comparison.json()),
    ] {
      let difference = GoldenText(name: name).difference(from: text)
      #expect(difference == nil, "\(difference ?? "")")
    }
  }

  @Test("JSON has the numbers of the CSV, null for absent ones")
  func json() throws {
    let comparison = try comparison()
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(comparison.json().utf8)) as? [String: Any])
    let rows = try #require(object["rows"] as? [[String: Any]])
    #expect(rows.count == comparison.rows.count)
    // The very digits, which a parser may round.
    let lines = comparison.json().split(separator: "\n").filter {
      $0.contains("\"schema_version\"")
    }
    #expect(lines.count == rows.count)
    for (line, row) in zip(lines, comparison.rows) {
      func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "null" }
      #expect(line.contains("\"ratio_median\": \(text(row.ratio)),"))
      #expect(line.contains("\"ratio_ci_lo\": \(text(row.intervalLower)),"))
      #expect(line.contains("\"verdict\": \"\(row.verdict.rawValue)\""))
    }
    #expect(rows.contains { $0["ratio_ci_lo"] is NSNull })
  }

  @Test("A backend whose library chose lesser code has a footnote, and a handicap is named")
  func footnotes() throws {
    let text = try comparison().terminal()
    #expect(text.contains("simd [1]"))
    #expect(text.contains("[1] simd: simd-1.0 uses avx2 kernels"))
    #expect(!text.contains("load average"))
    let slowed = try comparison(ComparedRun.make(slower: ["simd:conv2": 10]))
    #expect(slowed.terminal().contains("slowed down on purpose (--slow-down simd:conv2=10%)"))
    #expect(slowed.markdown().contains("slowed down on purpose"))
    #expect(slowed.json().contains("slowed down on purpose"))
  }
}
