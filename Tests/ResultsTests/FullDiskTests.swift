import Foundation
import Results
import Testing

/// A file system of a few kilobytes; nil where mounting is not allowed.
private final class SmallDisk {
  let folder: TemporaryFolder
  var path: String { folder.path }

  init?(byteCount: Int) {
    guard let folder = try? TemporaryFolder() else { return nil }
    self.folder = folder
    guard mount("tmpfs", folder.path, "tmpfs", 0, "size=\(byteCount)") == 0 else { return nil }
  }

  /// Detached (`MNT_DETACH`): a file that is still open would keep the disk mounted for ever.
  deinit { umount2(path, 2) }

  static var canBeMade: Bool { SmallDisk(byteCount: 4096) != nil }
}

@Suite(.enabled(if: SmallDisk.canBeMade, "mounting a small disk takes root"))
struct FullDiskTests {
  @Test("A full disk is an error, and samples.csv keeps whole lines")
  func samples() throws {
    let disk = try #require(SmallDisk(byteCount: 16384))
    let folder = try RunFolder(parent: disk.path)
    var count = 0
    let error = #expect(throws: ResultsError.self) {
      while count < 1000 {
        try folder.append([SampleRows.sample, SampleRows.sample, SampleRows.sample])
        count += 3
      }
    }
    let path = folder.path + "/samples.csv"
    guard case .cannotWrite(path, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("space"))
    #expect(count > 3)
    #expect(try Schema.samples.rows(contentsOf: path).count == count)
  }

  @Test("A file that does not fit leaves the one before in place")
  func replaced() throws {
    let disk = try #require(SmallDisk(byteCount: 16384))
    let folder = try RunFolder(parent: disk.path)
    try folder.write([SampleRows.workload])
    #expect(throws: ResultsError.self) {
      try folder.write([WorkloadRow](repeating: SampleRows.workload, count: 1000))
    }
    #expect(
      try Schema.workloads.rows(contentsOf: folder.path + "/workloads.csv")
        == [SampleRows.workload])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        == ["samples.csv", "workloads.csv"])
  }
}
