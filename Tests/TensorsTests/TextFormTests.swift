import Foundation
import Tensors
import Testing

@Suite("Text for shells and options")
struct TextFormTests {
  static let words = [
    "plain", "a b", "it's", "''", "", "#", "a#b", "$HOME", "`id`", "a\\b", "a\nb", "a\"b", "*", "~",
    "a,b", "é", "'\u{301}", "-x", "a;b", "!", "x=y", "{a,b}", "\t",
  ]

  @Test("A shell reads the words of a command back as they were")
  func shell() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "printf '%s\\0' " + ShellText.command(Self.words)]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let read = data.split(separator: 0, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    #expect(read == Self.words + [""])
  }

  @Test("What needs no quotes has none")
  func bare() {
    #expect(
      ShellText.command(["--network", "a/b-1.prototxt", "simd#2:conv=3%"])
        == "--network a/b-1.prototxt simd#2:conv=3%")
  }

  @Test("A list gives back the elements that were escaped into it")
  func lists() {
    let elements = Self.words + [#"a\,b"#, #"\"#, ",", ",,", ",\u{301}"]
    for element in elements {
      #expect(ListText.elements(of: ListText.escaped(element)) == [element], "\(element)")
    }
    #expect(ListText.elements(of: "a,b,,c") == ["a", "b", "", "c"])
    #expect(ListText.elements(of: #"a\,b,c\d"#) == ["a,b", #"c\d"#])
    #expect(ListText.elements(of: "") == [""])
  }
}
