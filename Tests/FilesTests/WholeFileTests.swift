import Files
import Foundation
import Testing

@Suite("Whole files") struct WholeFileTests {
  @Test("A file has its name only once it is complete")
  func complete() throws {
    let folder = try TemporaryFolder()
    let path = try folder.make("x", "before")
    let file = try WholeFile(path: path)
    try file.write("aft")
    try file.write(Array("er".utf8))
    #expect(try folder.text("x") == "before")
    try file.finish()
    #expect(try folder.text("x") == "after")
    #expect(try folder.names == ["x"])
  }

  @Test("Texts of any length arrive in their order", arguments: [1, 1000, 65536, 65537, 200_000])
  func lengths(count: Int) throws {
    let folder = try TemporaryFolder()
    let file = try WholeFile(path: folder.path + "/x")
    let parts = ["a", "b", "c"].map { String(repeating: $0, count: count) }
    for part in parts { try file.write(part) }
    try file.finish()
    #expect(try folder.text("x") == parts.joined())
  }

  @Test("One that is given up leaves the earlier file, and nothing beside it")
  func discarded() throws {
    let folder = try TemporaryFolder()
    let path = try folder.make("x", "before")
    do {
      let file = try WholeFile(path: path)
      try file.write(String(repeating: "y", count: 100_000))
    }
    #expect(try folder.text("x") == "before")
    #expect(try folder.names == ["x"])
    try WholeFile(path: folder.path + "/new").discard()
    #expect(try folder.names == ["x"])
  }

  @Test("A left-over of a process that was killed is neither used nor removed")
  func leftOver() throws {
    let folder = try TemporaryFolder()
    try folder.make(".x.partial", "half")
    try WholeFile.write("whole", to: folder.path + "/x")
    #expect(try folder.names == [".x.partial", "x"])
    #expect(try folder.text(".x.partial") == "half")
  }

  @Test("A replaced file keeps its permissions, a new one has the usual ones")
  func permissions() throws {
    let folder = try TemporaryFolder()
    func mode(_ name: String) throws -> mode_t {
      var info = stat()
      try #require(stat(folder.path + "/" + name, &info) == 0)
      return info.st_mode & 0o7777
    }
    try folder.make("usual", "")
    for permissions: mode_t in [0o600, 0o640, 0o755] {
      chmod(try folder.make("x", "before"), permissions)
      try WholeFile.write("after", to: folder.path + "/x")
      #expect(try mode("x") == permissions)
    }
    try WholeFile.write("new", to: folder.path + "/y")
    #expect(try mode("y") == mode("usual"))
  }

  @Test("A link is followed to its file, also over several and to one that is not there yet")
  func links() throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    try files.createDirectory(atPath: folder.path + "/below", withIntermediateDirectories: false)
    try folder.make("below/x", "before")
    try files.createSymbolicLink(
      atPath: folder.path + "/first", withDestinationPath: "below/second")
    try files.createSymbolicLink(atPath: folder.path + "/below/second", withDestinationPath: "x")
    try WholeFile.write("after", to: folder.path + "/first")
    #expect(try folder.text("below/x") == "after")
    #expect(try files.destinationOfSymbolicLink(atPath: folder.path + "/first") == "below/second")
    try files.removeItem(atPath: folder.path + "/below/x")
    try WholeFile.write("new", to: folder.path + "/first")
    #expect(try folder.text("below/x") == "new")
    #expect(
      try files.contentsOfDirectory(atPath: folder.path + "/below").sorted() == ["second", "x"])
    try files.createSymbolicLink(atPath: folder.path + "/loop", withDestinationPath: "loop")
    #expect(throws: FilesError.self) { try WholeFile.write("", to: folder.path + "/loop") }
  }

  @Test("What cannot be written is named, with the reason")
  func refused() throws {
    let folder = try TemporaryFolder()
    try folder.make("file", "x")
    for (path, reason) in [
      (folder.path, "it is a folder"), (folder.path + "/", "it is a folder"),
      (folder.path + "/no/x", "No such file or directory"),
      (folder.path + "/no/", "Is a directory"),
      (folder.path + "/file/x", "Not a directory"), ("", "No such file or directory"),
      (folder.path + "/" + String(repeating: "n", count: 300), "File name too long"),
      ("/proc/self/x", "No such file or directory"),
    ] {
      #expect(throws: FilesError.cannotWrite(path: path, reason: reason)) {
        try WholeFile.write("text", to: path)
      }
      #expect(throws: FilesError.self) { try WholeFile.check(path) }
    }
    #expect(try folder.names == ["file"])
  }

  @Test("A name may be as long as the file system allows")
  func longName() throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "ä", count: 127)
    try WholeFile.write("text", to: folder.path + "/" + name)
    #expect(try folder.names == [name])
  }

  @Test("Missing folders are made where that is asked for")
  func folders() throws {
    let folder = try TemporaryFolder()
    try WholeFile.write("text", to: folder.path + "/a/b//c/x", creatingFolders: true)
    #expect(try folder.text("a/b/c/x") == "text")
    try createFolders(folder.path + "/d/e/")
    try createFolders(folder.path + "/d/e")
    #expect(try folder.names == ["a", "d"])
    try folder.make("file", "")
    #expect(throws: FilesError.self) { try createFolders(folder.path + "/file/below") }
    #expect(throws: FilesError.self) { try createFolders(folder.path + "/file") }
  }

  @Test(
    "A read-only file, and one in a folder that takes none, is refused and stays",
    .enabled(if: getuid() != 0, "root may write everything"))
  func readOnly() throws {
    let folder = try TemporaryFolder()
    chmod(try folder.make("x", "before"), 0o444)
    #expect(throws: FilesError.self) { try WholeFile.write("", to: folder.path + "/x") }
    chmod(folder.path, 0o500)
    let error = #expect(throws: FilesError.self) {
      try WholeFile.write("", to: folder.path + "/y")
    }
    #expect(error?.description.contains("no file can be made in its folder") == true)
    #expect(try folder.text("x") == "before")
  }

  @Test("Devices and pipes are written straight through, and stay what they are")
  func special() throws {
    try WholeFile.write("text", to: "/dev/null")
    #expect(throws: FilesError.cannotWrite(path: "/dev/full", reason: "No space left on device")) {
      try WholeFile.write("text", to: "/dev/full")
    }
    let folder = try TemporaryFolder()
    let path = folder.path + "/pipe"
    try #require(mkfifo(path, 0o600) == 0)
    // Open for both, so that neither side waits for the other.
    let end = open(path, O_RDWR)
    try #require(end >= 0)
    defer { close(end) }
    try WholeFile.write("text", to: path)
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = read(end, &bytes, bytes.count)
    #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == "text")
    #expect(try folder.names == ["pipe"])
    var info = stat()
    #expect(stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFIFO)
  }

  @Test("An open file is written where it stands", arguments: ["/dev/fd/", "/proc/self/fd/"])
  func descriptor(folderOfFiles: String) throws {
    let folder = try TemporaryFolder()
    let file = open(try folder.make("x", "before "), O_WRONLY | O_APPEND)
    try #require(file >= 0)
    try WholeFile.write("after", to: "\(folderOfFiles)\(file)")
    close(file)
    #expect(try folder.text("x") == "before after")
    #expect(throws: FilesError.self) { try WholeFile.write("", to: "/dev/fd/987654") }
    #expect(try folder.names == ["x"])
  }

  @Test("Of several that write one name at the same time, one wins whole")
  func race() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/x"
    let texts = (0..<8).map { String(repeating: "\($0)", count: 100_000 + $0) }
    DispatchQueue.concurrentPerform(iterations: 64) { index in
      do { try WholeFile.write(texts[index % 8], to: path) } catch { Issue.record(error) }
      if let text = try? folder.text("x"), !texts.contains(text) { Issue.record("a mixed file") }
    }
    #expect(texts.contains(try folder.text("x")))
    #expect(try folder.names == ["x"])
  }
}
