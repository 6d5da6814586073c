import Foundation
import Results
import Testing

struct EnvironmentTests {
  @Test("Keys are sorted and spelled as in the files")
  func keys() throws {
    let text = SampleRows.environment.jsonText()
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(
      object.keys.sorted()
        == [
          "argv", "build", "host", "libraries", "load_before", "run_id", "schema_version", "seeds",
          "started_at", "warnings",
        ])
    #expect(text.hasSuffix("}\n"))
    let first = try #require(text.firstRange(of: "\"argv\""))
    let last = try #require(text.firstRange(of: "\"warnings\""))
    #expect(first.lowerBound < last.lowerBound)
    for key in ["\"host_class\"", "\"OMP_NUM_THREADS\"", "\"perf_event_paranoid\""] {
      // What is unknown is not there.
      #expect(text.contains(key) == (key != "\"perf_event_paranoid\""))
    }
  }

  @Test("Another schema version is refused before the rest is looked at")
  func version() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/environment.json"
    try Data("{\"schema_version\": 7}".utf8).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: ResultsError.self) { try Environment(contentsOf: path) }
    #expect(error == .schemaVersion(file: path, line: 1, found: "7", supported: 1))
  }

  @Test("A missing key and broken JSON are corrupt input")
  func corrupt() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/environment.json"
    let good = SampleRows.environment.jsonText()
    try Data(good.replacing("\"run_id\"", with: "\"runid\"").utf8)
      .write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: ResultsError.self) { try Environment(contentsOf: path) }
    #expect(error == .corrupt(file: path, line: 0, column: "run_id", reason: "is missing"))
    try Data(good.dropLast(10).utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: ResultsError.self) { try Environment(contentsOf: path) }
  }
}
