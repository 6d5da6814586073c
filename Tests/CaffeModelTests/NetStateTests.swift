import CaffeModel
import Networks
import Testing

@Suite("Include and exclude rules")
struct NetStateTests {
  private func layers(_ rules: String, _ state: NetState = NetState()) throws -> [String] {
    let input = "input: 'x' input_shape { dim: 1 } "
    return try CaffeNetwork(
      prototxt: input + "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' \(rules) }"
        + "layer { name: 'z' type: 'ReLU' bottom: 'x' top: 'z' }",
      options: ImportOptions(state: state)
    ).network.layers.map(\.name)
  }

  @Test(
    "A layer is there when a rule includes it or none excludes it",
    arguments: [
      ("", true), ("include { phase: TEST }", true), ("include { phase: TRAIN }", false),
      ("include { phase: TRAIN } include { phase: TEST }", true),
      ("exclude { phase: TEST }", false),
      ("exclude { phase: TRAIN }", true), ("include { phase: 1 }", true),
      ("include { min_level: 2 max_level: 4 }", true), ("include { min_level: 4 }", false),
      ("include { max_level: 2 }", false), ("include { stage: 'a' }", true),
      ("include { stage: 'a' stage: 'b' }", true), ("include { stage: 'a' stage: 'c' }", false),
      ("include { not_stage: 'c' }", true), ("include { not_stage: 'b' }", false),
      ("exclude { stage: 'b' phase: TRAIN }", true), ("include {}", true), ("exclude {}", false),
    ])
  func rules(text: String, isThere: Bool) throws {
    let state = NetState(phase: .test, level: 3, stages: ["a", "b"])
    #expect(try layers(text, state).contains("r") == isThere)
  }

  @Test("The description's own level and stages count too")
  func ownState() throws {
    let net = try network(
      fromPrototxt: """
        state { level: 5 stage: 's' }
        input: 'x' input_shape { dim: 1 }
        layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' include { min_level: 5 stage: 's' } }
        """)
    #expect(net.layers.count == 1)
  }

  @Test("An excluded layer may be of an unknown type; a rule that is misspelt is refused")
  func unknown() throws {
    let other = "layer { name: 'p' type: 'Python' python_param { module: 'x' } "
    let relu = "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' }"
    let input = "input: 'x' input_shape { dim: 1 }"
    #expect(
      try network(fromPrototxt: input + other + "include { phase: TRAIN } }" + relu).layers.count
        == 1)
    #expect(throws: CaffeModelError.self) { try network(fromPrototxt: input + other + "}" + relu) }
    #expect(
      throws: CaffeModelError.unsupportedParameter(layer: "r", parameter: "phaze", line: 1)
    ) { try layers("exclude { phaze: TEST }") }
    #expect(throws: CaffeModelError.self) {
      try layers("include { phase: TEST } exclude { phase: TRAIN }")
    }
    #expect(try layers("phase: TRAIN") == ["r", "z"])
  }

  @Test("A description from which the rules take everything is refused with the phase")
  func nothingLeft() throws {
    let error = try #require(throws: CaffeModelError.self) {
      try network(
        fromPrototxt:
          "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' include { phase: TRAIN } }")
    }
    #expect(error.description.contains("TEST"))
  }
}
