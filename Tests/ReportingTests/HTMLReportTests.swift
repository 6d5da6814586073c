import Foundation
import Reporting
import Results
import Testing

@Suite struct HTMLReportTests {
  private func report(
    _ folder: TestFolder, plots: [ReportPlot] = [], command: String = ""
  ) throws -> String {
    let files = try folder.files
    return HTMLReport(
      files, comparison: try BackendComparison(files), plots: plots, command: command
    ).html()
  }

  private func folder(change: (inout Environment) -> Void = { _ in }) throws -> TestFolder {
    let key = TestRun.key("conv1", index: 0)
    return try TestFolder(
      ComparedRun.make(),
      roofs: [TestRun.roof(.multiplyAdd, 117.25), TestRun.roof(.memory, 10.5)],
      phases: [
        PhaseRow(key: key, phase: "gemm", callCount: 3, nanoseconds: 900, sharePercent: 90.125)
      ],
      counters: [
        CounterRow(
          key: key, source: "perf-software", event: "page-faults", perCall: 12.5, scope: "user",
          status: "ok")
      ], change: change)
  }

  /// A cell of the page: its text, exact value and place in the files.
  private struct Cell {
    var value: String
    var file: String
    var row: Int
    var column: String
    var text: String
  }

  private func cells(_ html: String) -> [Cell] {
    html.matches(of: /<td[^>]* data-value="([^"]*)" data-source="(\S+) (\d+) (\w+)">(.*?)<\/td>/)
      .map {
        Cell(
          value: unescaped($0.1), file: String($0.2), row: Int($0.3)!, column: String($0.4),
          text: unescaped($0.5.replacing(/<span class="note">.*<\/span>/, with: "")))
      }
  }

  private func unescaped(_ text: some StringProtocol) -> String {
    String(text).replacing("&lt;", with: "<").replacing("&gt;", with: ">")
      .replacing("&quot;", with: "\"").replacing("&#39;", with: "'").replacing("&amp;", with: "&")
  }

  /// The fields of the files, straight from their text.
  private func fields(_ folder: TestFolder, _ file: String) throws -> [[String: String]] {
    let text = try String(
      contentsOf: URL(fileURLWithPath: folder.path + "/" + file), encoding: .utf8)
    let lines = text.split(separator: "\n")
    let names = lines[0].split(separator: ",").map(String.init)
    return lines.dropFirst().map { line in
      // Commas inside quotes, which the test's files have in reasons only.
      var values = [""]
      for (index, part) in line.split(separator: "\"", omittingEmptySubsequences: false)
        .enumerated()
      {
        let fields = part.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        values[values.count - 1] += index.isMultiple(of: 2) ? fields[0] : String(part)
        if index.isMultiple(of: 2) { values += fields.dropFirst() }
      }
      #expect(values.count == names.count)
      return Dictionary(uniqueKeysWithValues: zip(names, values))
    }
  }

  /// Whether a text for people is a number rounded to the digits that the text has.
  private func isRounded(_ text: String, from value: Double) -> Bool {
    guard let shown = Double(text) else { return false }
    if text.contains("e") { return abs(shown / value - 1) < 0.051 }
    let digits = text.firstIndex(of: ".").map { text[$0...].count - 1 } ?? 0
    return abs(shown - value) <= 0.5001 * (0..<digits).reduce(1.0) { step, _ in step / 10 }
  }

  @Test("Every number is the one of the CSV file, row and column that it names")
  func numbers() throws {
    let folder = try folder()
    let cells = cells(try report(folder))
    var files: [String: [[String: String]]] = [:]
    var seen: Set<String> = []
    for cell in cells {
      if files[cell.file] == nil { files[cell.file] = try fields(folder, cell.file) }
      let row = try #require(files[cell.file])[cell.row - 1]
      let exact = try #require(row[cell.column], "\(cell.column)")
      if cell.column != "status" || !cell.value.isEmpty { #expect(cell.value == exact) }
      if let number = Double(exact) {
        let unit = cell.column.hasSuffix("_ns") ? 1e-6 : 1
        #expect(isRounded(cell.text, from: number * unit), "\(cell)")
      } else {
        #expect(cell.text == exact)
      }
      seen.insert("\(cell.file) \(cell.column)")
    }
    for name in [
      "summary.csv median_ns", "summary.csv ci95_lo_ns", "summary.csv implementation",
      "compare.csv ratio_median", "compare.csv ratio_ci_hi", "compare.csv verdict",
      "roofs.csv value", "phases.csv share_pct", "counters.csv per_call",
    ] {
      #expect(seen.contains(name), "\(name)")
    }
    // Every row of these files is there.
    for file in ["summary.csv", "compare.csv", "roofs.csv"] {
      let rows = Set(cells.filter { $0.file == file }.map(\.row))
      #expect(rows == Set(1...(try #require(files[file]).count)), "\(file)")
    }
  }

  @Test("Text from files is escaped wherever it stands")
  func hostile() throws {
    let evil = "<script>alert(1)</script>\"'&{{script}}</pre><img src=x onerror=alert(2)>"
    var run = ComparedRun.make()
    for index in run.workloads.indices where run.workloads[index].key.layer == "conv2" {
      run.workloads[index].key.layer = evil
      run.workloads[index].facts.implementation = evil
      run.workloads[index].repro = evil
      run.workloads[index].key.network = evil
    }
    for index in run.samples.indices where run.samples[index].key.layer == "conv2" {
      run.samples[index].key.layer = evil
      run.samples[index].key.network = evil
    }
    let folder = try TestFolder(run) {
      $0.warnings = [evil]
      $0.arguments = [evil]
      $0.host.cpu.brand = evil
      $0.host.environment = [evil: evil]
    }
    let plot = ReportPlot(title: evil, svg: "<svg>\(evil)</svg>")
    let html = try report(folder, plots: [plot], command: evil)
    #expect(!html.contains("<script>alert") && !html.contains("<img src=x"))
    #expect(html.components(separatedBy: "<script>").count == 2)
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;{{script}}"))
    let files = try folder.files
    let markdown = MarkdownReport(
      files, comparison: try BackendComparison(files), command: evil
    ).markdown()
    for line in markdown.split(separator: "\n") where !line.hasPrefix("    ") {
      #expect(!line.contains("<script") && !line.contains("<img"))
    }
  }

  @Test("The page asks for nothing outside, and forbids it")
  func selfContained() throws {
    let html = try report(
      folder(), plots: [ReportPlot(title: "Times", svg: "<svg xmlns=\"x\"><path/></svg>")])
    #expect(html.contains("default-src 'none'; img-src data:;"))
    #expect(!html.contains("http://") && !html.contains("https://") && !html.contains("src=\"/"))
    #expect(!html.contains("@import") && !html.contains("url("))
    let sources = html.matches(of: /(?:src|href)="([^"]*)"/).map { String($0.1) }
    #expect(!sources.isEmpty)
    #expect(sources.allSatisfy { $0.hasPrefix("data:") || $0.hasPrefix("#") })
    let uri = try #require(sources.first { $0.hasPrefix("data:image/svg+xml;base64,") })
    let svg = try #require(Data(base64Encoded: String(uri.dropFirst(26))))
    #expect(String(decoding: svg, as: UTF8.self) == "<svg xmlns=\"x\"><path/></svg>")
    #expect(html.contains("<figcaption>Times</figcaption>"))
  }

  @Test("There is a section per layer, which links reach, and the commands of its rows")
  func sections() throws {
    let html = try report(folder(), command: "alexbench report x")
    let ids = html.matches(of: /<section class="layer" id="([^"]*)">/).map { String($0.1) }
    #expect(ids.count == 4)
    #expect(Set(ids).count == ids.count)
    for id in ids { #expect(html.contains("href=\"#\(id)\"")) }
    #expect(html.contains("<h2>alexnet net</h2>") && html.contains("<h2>alexnet conv2</h2>"))
    #expect(html.contains("alexbench run --layer conv2 --backend simd\n"))
    #expect(html.contains("<pre>alexbench report x</pre>"))
    #expect(!html.contains("{{") && !html.contains("}}"))
  }

  @Test("The summary names the fastest net with its interval; warnings and slow-downs stand first")
  func summary() throws {
    let html = try report(folder { $0.warnings = ["careful <now>"] })
    let lead = try #require(html.firstMatch(of: /<p class="lead">(.*)<\/p>/)?.1)
    #expect(lead.contains("On Test CPU, the full net (alexnet, batch 2, 1 thread) takes"))
    #expect(lead.contains("with winograd, the fastest: 0.5"))
    #expect(html.contains("<li>careful &lt;now&gt;</li>"))
    let slowed = try report(TestFolder(ComparedRun.make(slower: ["simd:conv2": 10])))
    #expect(slowed.contains("slowed down on purpose (--slow-down simd:conv2=10%)"))
  }

  @Test("Only winners that the intervals allow are bold")
  func best() throws {
    let html = try report(TestFolder(ComparedRun.make(count: 5)))
    #expect(!html.contains("class=\"n best\""))
    let cells = try report(folder()).matches(of: /<td class="n best" data-value="([^"]*)"/)
    // conv1 and conv2 of winograd, relu1 of simd, the net of winograd.
    #expect(cells.count == 4)
  }

  @Test("Markdown for a pull request has summary, times, ratios, host and commands")
  func markdown() throws {
    let folder = try folder { $0.warnings = ["careful"] }
    let files = try folder.files
    let text = MarkdownReport(
      files, comparison: try BackendComparison(files), command: "alexbench report r"
    ).markdown()
    let difference = GoldenText(name: "report.md").difference(from: text)
    #expect(difference == nil, "\(difference ?? "")")
  }
}
