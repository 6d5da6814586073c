import Measuring
import Networks
import Tensors
import Testing

@Suite struct ProblemTests {
  @Test("The letters give AlexNet's second convolution")
  func conv2() throws {
    let problem = try Problem("c96 h27 w27 k256 r5 p2 g2")
    #expect(problem.batch == 1)
    #expect(problem.channels == 96)
    #expect(problem.size == Extent(27))
    #expect(
      problem.spec
        == ConvolutionSpec(outputs: 256, kernel: Extent(5), pad: Extent(2), groups: 2))
    let graph = try problem.network.graph(batch: 3)
    #expect(graph.outputShape(of: graph.nodes[0]) == Shape(n: 3, c: 256, h: 27, w: 27))
  }

  @Test("Every letter has its place, and columns default to rows")
  func allLetters() throws {
    let problem = try Problem("n2 c8 h19 w23 k12 r3 s5 u2 v1 p1 q2 d2 e1 g2")
    #expect(problem.batch == 2)
    #expect(problem.size == Extent(h: 19, w: 23))
    #expect(problem.spec.kernel == Extent(h: 3, w: 5))
    #expect(problem.spec.stride == Extent(h: 2, w: 1))
    #expect(problem.spec.pad == Extent(h: 1, w: 2))
    #expect(problem.spec.dilation == Extent(h: 2, w: 1))
    #expect(try Problem("c3 h5 k2 r3 u2 p1 d2").spec.stride == Extent(2))
    #expect(try Problem("c3,h5,k2,r3") == Problem("c3 h5 k2 r3"))
  }

  @Test(
    "The description says the same problem again",
    arguments: [
      "c96 h27 w27 k256 r5 p2 g2", "c3 h227 k96 r11 u4",
      "c8 h19 w23 k12 r3 s5 u2 v1 p1 q2 d2 e1 g2",
      "c2 h9 k2 r1 q1",
    ])
  func description(text: String) throws {
    let problem = try Problem(text)
    #expect(try Problem(problem.description) == problem)
  }

  @Test(
    "What is wrong is named",
    arguments: [
      ("c3 h5 k2", "lacks 'r'"), ("h5 k2 r3", "lacks 'c'"), ("c3 h5 k2 r3 z1", "'z1'"),
      ("c3 h5 k2 r3 c4", "twice"), ("c3 h5 k2 r", "number"), ("c3 h5 k2 r0", "from 1 to 1048576"),
      ("c3 h5 k2 r9", "not possible"), ("c3 h5 k2 r3 g2", "not possible"),
      ("c3 h5 k2 r3 p-1", "from 0"), ("", "lacks"), ("c3 h9999999 k2 r3", "to 1048576"),
    ])
  func refusals(text: String, word: String) {
    #expect {
      try Problem(text)
    } throws: {
      "\($0)".contains(word)
    }
  }
}
