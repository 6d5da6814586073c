import Files
import Foundation
import Testing

@Suite("Files that several processes write") struct SharedFileTests {
  @Test("Nothing is lost when several add at the same time, to a new file as well")
  func added() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/below/x.csv"
    DispatchQueue.concurrentPerform(iterations: 40) { index in
      do {
        let file = try SharedFile(path: path)
        let earlier = try file.text()
        try file.replace(with: (earlier.isEmpty ? "header\n" : earlier) + "\(index)\n")
      } catch { Issue.record(error) }
    }
    let lines = try folder.text("below/x.csv").split(separator: "\n")
    #expect(lines.first == "header")
    #expect(lines.dropFirst().compactMap { Int($0) }.sorted() == Array(0..<40))
    #expect(try folder.names == ["below"])
  }

  @Test("A file that was not there is not there after nothing was written")
  func placeholder() throws {
    let folder = try TemporaryFolder()
    do {
      let file = try SharedFile(path: folder.path + "/x")
      #expect(try file.text().isEmpty)
    }
    #expect(try folder.names == [])
    try folder.make("x", "")
    _ = try SharedFile(path: folder.path + "/x").text()
    #expect(try folder.names == ["x"])
  }

  @Test("A link stays a link, permissions stay, and text must be text")
  func links() throws {
    let folder = try TemporaryFolder()
    chmod(try folder.make("x", "a"), 0o640)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/link", withDestinationPath: "x")
    let file = try SharedFile(path: folder.path + "/link")
    try file.replace(with: try file.text() + "b")
    #expect(try folder.text("x") == "ab")
    var info = stat()
    #expect(lstat(folder.path + "/link", &info) == 0 && info.st_mode & S_IFMT == S_IFLNK)
    #expect(stat(folder.path + "/x", &info) == 0 && info.st_mode & 0o777 == 0o640)
    try Data([0xff, 0xfe]).write(to: URL(fileURLWithPath: folder.path + "/bytes"))
    #expect(throws: FilesError.self) { try SharedFile(path: folder.path + "/bytes").text() }
    #expect(throws: FilesError.self) { try SharedFile(path: folder.path) }
  }

  @Test("Where nothing can be made it says so, and does not try for ever")
  func refusing() {
    #expect(throws: FilesError.self) { try SharedFile(path: "/proc/alexbench.csv") }
  }

  @Test("A device counts as empty and is written straight through")
  func device() throws {
    let file = try SharedFile(path: "/dev/null")
    #expect(try file.text().isEmpty)
    try file.replace(with: "text")
  }

  @Test("Texts are appended whole by several at once")
  func appended() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/below/x"
    DispatchQueue.concurrentPerform(iterations: 40) { index in
      do {
        try AppendedFile.append("<\(String(repeating: "a", count: index * 500))>\n", to: path)
      } catch {
        Issue.record(error)
      }
    }
    let lines = try folder.text("below/x").split(separator: "\n")
    #expect(lines.map(\.count).sorted() == (0..<40).map { $0 * 500 + 2 })
    try AppendedFile.append("text", to: "/dev/null")
    #expect(throws: FilesError.self) { try AppendedFile.append("text", to: "/dev/full") }
  }

  @Test("Lines that are cut off go, and only whole ones stay")
  func cut() throws {
    let folder = try TemporaryFolder()
    let path = try folder.make("x", "a\nb\nc")
    let file = try AppendedFile(path: path, isNew: false)
    try file.cut()
    #expect(try folder.text("x") == "a\nb\n")
    try file.cut(toLines: 1)
    try file.append("d\n")
    #expect(try folder.text("x") == "a\nd\n")
    #expect(throws: FilesError.self) { try AppendedFile(path: path) }
  }
}
