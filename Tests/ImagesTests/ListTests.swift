import Images
import Testing

@Suite("Labels, lists and results of classification")
struct ListTests {
  private func labels(_ text: String) throws -> LabelFile {
    try withFile(Array(text.utf8)) { try LabelFile(contentsOf: $0) }
  }

  private func list(_ text: String) throws -> ImageList {
    try withFile(Array(text.utf8)) { try ImageList(contentsOf: $0) }
  }

  @Test("Labels are lines, with either end of line, blank ones at the end aside")
  func labelLines() throws {
    let want = ["n01440764 tench, Tinca tinca", "n01443537 goldfish"]
    #expect(try labels(want.joined(separator: "\n")).names == want)
    #expect(try labels(want.joined(separator: "\r\n") + "\r\n\n \n").names == want)
    try labels("a\nb").check(classCount: 2)
    let error = #expect(throws: ImageError.self) { try labels("a\nb\nc").check(classCount: 2) }
    #expect(try #require(error).description.contains("3 labels where the network has 2 classes"))
  }

  @Test("A list has paths with blanks, and the last word is the label")
  func entries() throws {
    let list = try list("a.jpg 3\n\n b c.png\t12 \r\nd.ppm 0")
    #expect(
      list.entries == [
        .init(path: "a.jpg", label: 3), .init(path: "b c.png", label: 12),
        .init(path: "d.ppm", label: 0),
      ])
    try list.check(classCount: 13)
    let error = #expect(throws: ImageError.self) { try list.check(classCount: 12) }
    #expect(try #require(error).description.contains("line 3: there is no class 12"))
  }

  @Test(
    "Lines that are not of this form are named",
    arguments: ["a.jpg", "a.jpg x", "ok.jpg 1\na.jpg -1", "5", "a.jpg 1.5", ""])
  func badList(text: String) throws {
    let error = #expect(throws: ImageError.self) { try list(text) }
    let sentence = try #require(error).description
    #expect(sentence.contains(text.isEmpty ? "lists no image" : "is not 'path label'"))
  }

  @Test("Results look as the reference example's")
  func text() {
    let best: [(index: Int, value: Float)] = [(281, 0.312436), (7, 0.2)]
    var names = (0..<300).map { "c\($0)" }
    names[281] = "n02123045 tabby, tabby cat"
    names[7] = "jack-o'-lantern"
    #expect(
      ClassificationText.lines(best, labels: names) == [
        "  0.312436  281  n02123045 tabby, tabby cat",
        "  0.200000    7  jack-o'-lantern",
        "['n02123045 tabby, tabby cat' \"jack-o'-lantern\"]",
        "[281   7]",
      ])
    #expect(
      ClassificationText.lines(best, labels: nil) == [
        "  0.312436  281", "  0.200000    7", "[281   7]",
      ])
  }

  @Test("An image counts as right when its class is the first, or among the first five")
  func rates() {
    var rates = ErrorRates()
    let scores: [Float] = [0.3, 0.1, 0.1, 0.2, 0.05, 0.15, 0.1]
    rates.add(scores: scores, label: 0)
    #expect((rates.wrongTop1, rates.wrongTop5) == (0, 0))
    rates.add(scores: scores, label: 3)
    #expect((rates.wrongTop1, rates.wrongTop5) == (1, 0))
    // Of the three equal ones the last is the sixth.
    rates.add(scores: scores, label: 2)
    #expect((rates.wrongTop1, rates.wrongTop5) == (2, 0))
    rates.add(scores: scores, label: 6)
    #expect((rates.wrongTop1, rates.wrongTop5) == (3, 1))
    rates.add(scores: [.nan, 1], label: 0)
    #expect((rates.wrongTop1, rates.wrongTop5) == (4, 2))
    #expect(
      rates.lines == [
        "images       5", "top-1 error  80.00 %  (4 of 5 wrong)",
        "top-5 error  40.00 %  (2 of 5 wrong)",
      ])
  }
}
