import Foundation
import Reporting
import Results
import Testing

/// What a verdict looks like everywhere. The files in `Tests/Golden/gate` were looked at by eye.
@Suite struct OutputTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Golden/gate")

  @Test(
    "Every output is as in its golden file",
    arguments: [
      ("terminal.txt", SampleVerdict.everything.terminal()),
      ("summary.md", SampleVerdict.everything.markdown(title: "alexbench check --against old")),
      ("annotations.txt", SampleVerdict.everything.annotations().map { $0 + "\n" }.joined()),
      ("junit.xml", SampleVerdict.everything.junit()),
      ("bencher.json", SampleVerdict.everything.bencherMetrics()),
    ])
  func golden(name: String, text: String) throws {
    let url = Self.folder.appendingPathComponent(name)
    // ALEXBENCH_WRITE_GOLDEN=1 writes them anew, to be looked at.
    if ProcessInfo.processInfo.environment["ALEXBENCH_WRITE_GOLDEN"] == "1" {
      try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    #expect(try text == String(contentsOf: url, encoding: .utf8))
  }

  /// Regressions of as many layers.
  private func verdict(regressions: Int) -> GateVerdict {
    var verdict = SampleVerdict.everything
    verdict.findings = (0..<regressions).map { index in
      var finding = SampleVerdict.everything.findings[1]
      finding.key.layer = "layer\(index)"
      finding.baseNanoseconds = 1e6 * Double(index + 1)
      finding.headNanoseconds = 1.2e6 * Double(index + 1)
      return finding
    }
    return verdict
  }

  @Test("Of 37 regressions the 10 that cost most are annotated, and 27 more counted")
  func manyAnnotations() {
    let lines = verdict(regressions: 37).annotations()
    #expect(lines.count == 10)
    #expect(lines.allSatisfy { $0.hasPrefix("::error title=regression%3A layer") })
    #expect(
      lines.map { $0.contains("layer36 (simd)") } == [true] + [Bool](repeating: false, count: 9))
    #expect(lines[9].hasSuffix("%0Aand 27 more"))
    #expect(verdict(regressions: 10).annotations().allSatisfy { !$0.contains("more") })
  }

  @Test("An annotation is one line, with what the runner would take for its own escaped")
  func escapes() {
    var verdict = verdict(regressions: 1)
    verdict.findings[0].reason = "100 %\r\nworse"
    let lines = verdict.annotations()
    #expect(lines.count == 1)
    #expect(lines[0].contains("100 %25%0D%0Aworse%0A"))
    #expect(!lines[0].contains("\n"))
  }

  @Test("A summary stays below what a job may have, and says what it leaves out")
  func summaryLimit() {
    let text = verdict(regressions: 20_000).markdown(title: "t")
    #expect(text.utf8.count <= 1 << 20)
    #expect(text.utf8.count > 1 << 19)
    #expect(text.contains("… and"))
    #expect(text.hasSuffix("</details>\n"))
    let short = verdict(regressions: 100).markdown(title: "t", byteLimit: 10_000)
    #expect(short.utf8.count <= 10_000)
    #expect(short.contains("more; pairs.csv has them all"))
  }
}
