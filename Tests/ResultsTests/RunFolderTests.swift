import Foundation
import Results
import Testing

struct RunFolderTests {
  @Test("A run's files read back as they were written")
  func roundTrip() throws {
    let parent = try TemporaryFolder()
    let folder = try RunFolder(parent: parent.path + "/a/b")
    try folder.append([SampleRows.sample])
    try folder.append([SampleRows.sample, SampleRows.sample])
    try folder.flush()
    try folder.write([SampleRows.layer])
    try folder.write([WorkloadRow]())
    try folder.write([SampleRows.workload])
    try folder.write(SampleRows.roofs)
    try folder.write([SampleRows.phase])
    try folder.write([SampleRows.plan])
    try folder.write([SampleRows.summary])
    try folder.write([SampleRows.compare])
    try folder.write(SampleRows.environment)

    let files = try RunFiles(folder: folder.path)
    #expect(files.samples == [SampleRows.sample, SampleRows.sample, SampleRows.sample])
    #expect(files.layers == [SampleRows.layer])
    #expect(files.workloads == [SampleRows.workload])
    #expect(files.roofs == SampleRows.roofs)
    #expect(files.phases == [SampleRows.phase])
    #expect(files.plan == [SampleRows.plan])
    #expect(files.summary == [SampleRows.summary])
    #expect(files.compare == [SampleRows.compare])
    #expect(files.environment == SampleRows.environment)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        == [
          "compare.csv", "environment.json", "layers.csv", "phases.csv", "plan.csv", "roofs.csv",
          "samples.csv", "summary.csv", "workloads.csv",
        ])
  }

  @Test("A run from before roofs and comparisons has none, but a broken file is an error")
  func withoutRoofs() throws {
    let parent = try TemporaryFolder()
    let folder = try RunFolder(parent: parent.path)
    try folder.write([SampleRows.layer])
    try folder.write([SampleRows.workload])
    try folder.write([SampleRows.summary])
    try folder.write(SampleRows.environment)
    let files = try RunFiles(folder: folder.path)
    #expect(files.roofs.isEmpty && files.compare.isEmpty)
    try Data("schema_version\n".utf8).write(to: URL(fileURLWithPath: folder.path + "/roofs.csv"))
    #expect(throws: ResultsError.self) { try RunFiles(folder: folder.path) }
  }

  @Test("The samples are in the file as soon as they are appended")
  func appended() throws {
    let parent = try TemporaryFolder()
    let folder = try RunFolder(parent: parent.path)
    let path = folder.path + "/samples.csv"
    #expect(try Schema.samples.rows(contentsOf: path).isEmpty)
    try folder.append([SampleRows.sample])
    #expect(try Schema.samples.rows(contentsOf: path) == [SampleRows.sample])
  }

  @Test("Every run has a folder of its own, named by time")
  func names() throws {
    let parent = try TemporaryFolder()
    let folders = try (0..<20).map { _ in try RunFolder(parent: parent.path) }
    #expect(Set(folders.map(\.path)).count == 20)
    for folder in folders {
      #expect(folder.path == parent.path + "/" + folder.runID)
      #expect(folder.runID.wholeMatch(of: /\d{8}T\d{6}Z-[2-9a-z]{6}/) != nil)
    }
  }

  @Test("A run's name is the time in UTC")
  func time() {
    var generator = SystemRandomNumberGenerator()
    let name = RunID.make(at: Date(timeIntervalSince1970: 1_767_323_045), using: &generator)
    #expect(name.hasPrefix("20260102T030405Z-"))
  }

  @Test("A parent that is a file is an error with its path")
  func parentIsFile() throws {
    let parent = try TemporaryFolder()
    let file = parent.path + "/file"
    try Data().write(to: URL(fileURLWithPath: file))
    for path in [file, file + "/below"] {
      let error = try #require(throws: ResultsError.self) { try RunFolder(parent: path) }
      guard case .cannotWrite(let named, let reason) = error else {
        Issue.record("\(error)")
        continue
      }
      #expect(named.hasPrefix(file))
      #expect(!reason.isEmpty)
    }
  }

  @Test("A kernel folder that takes no files is an error, for root as well")
  func unwritable() throws {
    #expect(throws: ResultsError.self) { try RunFolder(parent: "/proc/self/fd") }
  }

  @Test("A folder that is gone is an error when a file is written")
  func gone() throws {
    let parent = try TemporaryFolder()
    let folder = try RunFolder(parent: parent.path)
    try FileManager.default.removeItem(atPath: folder.path)
    #expect(throws: ResultsError.self) { try folder.write([SampleRows.workload]) }
  }

  @Test("A missing file is an error of its own")
  func missing() throws {
    let parent = try TemporaryFolder()
    let path = parent.path + "/samples.csv"
    let error = #expect(throws: ResultsError.self) {
      try Schema.samples.rows(contentsOf: path)
    }
    #expect(error == .missing(path: path))
    #expect(error?.description.contains(path) == true)
  }
}
