import Testing

@testable import Plotting

@Suite("Texts for gnuplot")
struct GnuplotTextTests {
  @Test("Quotes are doubled, line ends and other control characters replaced")
  func quoted() {
    #expect(GnuplotText.quoted("it's\n`x` @y {z}") == "'it''s?`x` @y {z}'")
    #expect(GnuplotText.field("a\tb\"c\n") == "a?b'c?")
  }

  @Test("Names of files hold nothing that means something to a shell or a path")
  func fileName() {
    #expect(GnuplotText.fileName("nets/über $(x).prototxt") == "nets__ber___x_.prototxt")
    #expect(GnuplotText.fileName("../../etc") == "_.._.._etc")
    #expect(GnuplotText.fileName("-rf") == "_-rf")
  }

  @Test("Long texts are broken between words, longer words cut off")
  func lines() {
    let lines = TextWidth.lines("one two three four", pixels: 80, size: 12)
    #expect(lines.joined(separator: " ") == "one two three four")
    #expect(lines.count == 2)
    #expect(lines.allSatisfy { TextWidth.pixels($0, size: 12) <= 80 })
    #expect(TextWidth.lines(String(repeating: "x", count: 99), pixels: 80, size: 12).count == 1)
  }
}
