import Foundation
import Networks
import Tensors
import Testing

@Suite("What a description leaves open")
struct DescriptionOptionsTests {
  static let options = DescriptionOptions(
    state: NetState(phase: .train, level: -2, stages: ["b", "a,c"]),
    shapes: [
      GivenShape(blob: "data=x", shape: Shape([2, 3, 4, 5])), GivenShape(shape: Shape([7])),
    ])

  @Test("Options survive being recorded, and standard ones leave nothing behind")
  func recorded() throws {
    for options in [Self.options, DescriptionOptions()] {
      let data = try JSONEncoder().encode(options)
      #expect(try JSONDecoder().decode(DescriptionOptions.self, from: data) == options)
    }
    #expect(String(decoding: try JSONEncoder().encode(DescriptionOptions()), as: UTF8.self) == "{}")
    for text in [#"{"shape":["data=0"]}"#, #"{"phase":"LATER"}"#, #"{"stage":[1]}"#] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(DescriptionOptions.self, from: Data(text.utf8))
      }
    }
  }

  @Test("The arguments that say the same")
  func arguments() {
    #expect(
      Self.options.arguments == [
        "--shape", "data=x=2,3,4,5", "--shape", "7", "--phase", "TRAIN", "--level", "-2",
        "--stage", "a,c", "--stage", "b",
      ])
    #expect(DescriptionOptions().arguments.isEmpty)
    #expect(DescriptionOptions().areStandard && !Self.options.areStandard)
  }

  @Test(
    "A shape is read as it is written",
    arguments: ["data=1,2", "7", "a=b=3", "x,y=4,5"])
  func shape(text: String) throws {
    #expect(try #require(GivenShape(text)).text == text)
  }

  @Test("No shape", arguments: ["", "=1", "x=", "x=1,,2", "x=0", "x=-1", "1,a", "x"])
  func noShape(text: String) {
    #expect(GivenShape(text) == nil)
  }
}
