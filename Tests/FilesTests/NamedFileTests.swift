import Files
import Foundation
import Testing

@Suite("Files that are read and written") struct NamedFileTests {
  private func conflict(_ output: String, _ input: String) -> NamedFile.Conflict? {
    do throws(NamedFile.Conflict) {
      try NamedFile.check(
        outputs: [NamedFile("--out", output)], inputs: [NamedFile("--in", input)])
      return nil
    } catch { return error }
  }

  @Test("However a file is named, it is not written while it is read")
  func same() throws {
    let folder = try TemporaryFolder()
    let path = try folder.make("x", "text")
    let files = FileManager.default
    try files.createDirectory(atPath: folder.path + "/below", withIntermediateDirectories: false)
    try files.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "x")
    try files.createSymbolicLink(atPath: folder.path + "/again", withDestinationPath: "link")
    try files.createSymbolicLink(atPath: folder.path + "/here", withDestinationPath: ".")
    try files.linkItem(atPath: path, toPath: folder.path + "/hard")
    let names = ["x", "./x", "below/../x", "link", "again", "here/x", "here/here/link", "hard"]
    for name in names {
      let other = "\(folder.path)/\(name)"
      for (output, input) in [(other, path), (path, other)] {
        let error = conflict(output, input)
        #expect(
          error
            == .isInput(output: NamedFile("--out", output), input: NamedFile("--in", input)))
        #expect(error?.description.contains("--out '\(output)'") == true)
        #expect(error?.description.contains("--in '\(input)'") == true)
      }
    }
    try folder.make("y", "text")
    #expect(conflict(folder.path + "/y", path) == nil)
    #expect(try folder.text("x") == "text")
  }

  @Test("A file that is not there yet is known by its folder and name")
  func missing() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/here", withDestinationPath: ".")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/link", withDestinationPath: "new")
    for (first, second, isSame) in [
      ("new", "here/new", true), ("new", "link", true), ("a/b/new", "here/a/b/new", true),
      ("new", "other", false), ("new", "a/new", false),
    ] {
      let outputs = [first, second].map { NamedFile("-o", "\(folder.path)/\($0)") }
      if isSame {
        #expect(throws: NamedFile.Conflict.isWrittenTwice(outputs[0], outputs[1])) {
          try NamedFile.check(outputs: outputs, inputs: [])
        }
      } else {
        #expect(throws: Never.self) { try NamedFile.check(outputs: outputs, inputs: []) }
      }
    }
  }

  @Test("A device may be read and written", arguments: ["/dev/null", "/dev/zero", "/dev"])
  func devices(path: String) { #expect(conflict(path, path) == nil) }
}
