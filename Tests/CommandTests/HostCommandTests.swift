import Foundation
import Results
import Testing

@Suite struct HostCommandTests {
  @Test("The host is graded and described, and grading alone does not fail")
  func text() throws {
    let command = try Command(["host"], environment: ["GLIBC_TUNABLES": "glibc.malloc.check=0"])
    #expect(command.exitCode == 0)
    #expect(command.output.hasPrefix("fit for measuring  "))
    #expect(command.output.contains("instruction sets"))
    #expect(command.output.contains("warning: variable\n  GLIBC_TUNABLES is set"))
    #expect(command.output.contains("  $ env -u GLIBC_TUNABLES alexbench run\n"))
  }

  @Test("JSON is on standard output alone; the exit code follows the grade that is required")
  func json() throws {
    let command = try Command(
      ["host", "--json", "--threads", "1", "--require", "quiet"],
      environment: ["GLIBC_TUNABLES": "glibc.malloc.check=0"])
    let report = try JSONDecoder().decode(HostReport.self, from: Data(command.output.utf8))
    #expect(report.schemaVersion == HostReport.schemaVersion)
    #expect(report.threads == 1)
    #expect(report.findings.contains { $0.kind == .variable && $0.severity == .warning })
    #expect(report.grade == HostGrade(report.findings))
    #expect(report.grade > .quiet)
    #expect(report.condition.interval != nil)
    #expect(command.exitCode == 75)
    #expect(
      command.errors
        == "alexbench: this host is \(report.grade.rawValue), not quiet as required\n")
    #expect(command.output == report.jsonText())
  }

  @Test("More threads than CPUs make a host unfit")
  func threads() throws {
    let command = try Command(["host", "--json", "--threads", "1024", "--require", "noisy"])
    let report = try JSONDecoder().decode(HostReport.self, from: Data(command.output.utf8))
    #expect(report.findings.first { $0.kind == .affinity }?.severity == .unfit)
    #expect(command.exitCode == 75)
  }

  @Test("A run records the findings as warnings, its table and its report show them")
  func recorded() throws {
    try withTemporaryFolder { parent in
      let run = try Command(
        [
          "run", "--problem", "c4 h9 k6 r3 p1", "--backend", "simd", "--rounds", "2", "--out",
          parent,
        ], environment: ["GLIBC_TUNABLES": "glibc.malloc.check=0"])
      #expect(run.exitCode == 0, "\(run.errors)")
      let sentence = "GLIBC_TUNABLES is set and may change which libraries are measured"
      let folder = try runFolder(in: parent)
      let files = try RunFiles(folder: folder)
      #expect(files.environment.warnings.contains { $0.hasPrefix(sentence) })
      #expect(run.output.contains("warning: GLIBC_TUNABLES is set"))
      let markdown = try Command(["report", folder, "--format", "markdown"])
      #expect(markdown.exitCode == 0, "\(markdown.errors)")
      #expect(markdown.output.contains(sentence))
      let html = try Command(
        ["report", folder, "--plots", "none", "-o", parent + "/report.html"])
      #expect(html.exitCode == 0, "\(html.errors)")
      let page = try String(contentsOfFile: parent + "/report.html", encoding: .utf8)
      #expect(page.contains(sentence))
    }
  }
}
