import Results
import Testing

struct CorruptInputTests {
  private let schema = Schema.workloads
  private var good: String { schema.text([SampleRows.workload, SampleRows.workload]) }

  private func failure(_ text: String) -> ResultsError? {
    do throws(ResultsError) {
      _ = try schema.rows(in: text, file: "run/workloads.csv")
      return nil
    } catch {
      return error
    }
  }

  @Test("A wrong value is named by file, line and column, counting lines inside quotes")
  func value() {
    // The reason of the first row holds a line feed, so the second row is on line 4.
    let parts = good.components(before: ",failed,")
    let text = parts[0] + ",failed," + parts[1] + ",broken," + parts[2]
    let error = failure(text)
    #expect(
      error
        == .corrupt(
          file: "run/workloads.csv", line: 4, column: "status",
          reason: "'broken' is not a value of it"))
    #expect(
      error?.description
        == "run/workloads.csv:4: column 'status': 'broken' is not a value of it")
  }

  @Test("A missing number is named")
  func missingNumber() {
    #expect(
      failure(good.replacing(",2,10,in-net,", with: ",,10,in-net,"))
        == .corrupt(file: "run/workloads.csv", line: 2, column: "threads", reason: "is empty"))
  }

  @Test("Another schema version is refused")
  func version() {
    #expect(
      failure(schema.headerLine + "2,the,rest,may,look,different\n")
        == .schemaVersion(file: "run/workloads.csv", line: 2, found: "2", supported: 1))
  }

  @Test("A file without a column that its rows need is refused, with the column's name")
  func missingColumn() {
    let error = failure(good.replacing(",status,", with: ",state,"))
    #expect(
      error?.description
        == "run/workloads.csv:1: column 'status': is missing; workloads.csv says nothing without it"
    )
    #expect(
      failure(schema.headerLine.replacing(",threads,", with: ","))
        == .corrupt(
          file: "run/workloads.csv", line: 1, column: "threads",
          reason: "is missing; workloads.csv says nothing without it"))
    #expect(
      failure(good.replacing("schema_version,", with: "version,"))
        == .corrupt(
          file: "run/workloads.csv", line: 1, column: "schema_version", reason: "is missing"))
  }

  @Test("A file of another version is refused for that, whatever columns it has")
  func versionBeforeColumns() {
    #expect(
      failure("layer,schema_version\nconv1,2\n")
        == .schemaVersion(file: "run/workloads.csv", line: 2, found: "2", supported: 1))
  }

  @Test("A column that stands twice, or has no name, is refused")
  func headers() {
    #expect(
      failure(schema.headerLine.dropLast() + ",extra,nrmse\n")
        == .corrupt(
          file: "run/workloads.csv", line: 1, column: "nrmse",
          reason: "stands twice in the header"))
    #expect(
      failure(schema.headerLine.dropLast() + ",extra,extra\n")
        == .corrupt(
          file: "run/workloads.csv", line: 1, column: "extra",
          reason: "stands twice in the header"))
    #expect(
      failure(schema.headerLine.dropLast() + ",\n")
        == .corrupt(
          file: "run/workloads.csv", line: 1, column: "", reason: "a column has no name"))
  }

  @Test("In a file that people write, a column that is missing or unknown is a mistake")
  func handwritten() {
    let header = Schema.policy.headerLine
    for wrong in [
      header.replacing("margin_pct", with: "margin"), header.replacing(",mute", with: ""),
    ] {
      #expect(throws: ResultsError.self) { try Schema.policy.rows(in: wrong, file: "p") }
    }
    #expect(throws: Never.self) {
      try Schema.policy.rows(
        in: "layer,schema_version,network,backend,reason,mute,margin_pct\nconv1,1,,,,0,3\n",
        file: "p")
    }
  }

  @Test("A row with too few fields is not filled up")
  func shortRow() {
    #expect(
      failure(schema.headerLine + "1,a,b\n")
        == .corrupt(
          file: "run/workloads.csv", line: 2, column: "", reason: "3 fields instead of 35"))
  }

  @Test("A last line that is cut off is said to be")
  func cutOff() {
    guard case .corrupt(_, 5, _, let reason) = failure(String(good.dropLast(3))) else {
      Issue.record("no error")
      return
    }
    #expect(reason.contains("cut off"))
  }

  @Test("Quotes that do not match are an error")
  func quotes() {
    #expect(failure(schema.headerLine + "1,\"a\"b,c\n") != nil)
    #expect(failure(schema.headerLine + "1,\"a,b,c\n") != nil)
  }

  @Test("An empty file is an error")
  func empty() {
    #expect(
      failure("")
        == .corrupt(file: "run/workloads.csv", line: 0, column: "", reason: "the file is empty"))
  }
}

extension String {
  fileprivate func components(before separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}
