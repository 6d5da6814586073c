import Execution
import Networks
import Tensors

/// One row-major step per node: in place for ReLU, elided for dropout.
func plainSteps(for graph: Graph) -> [StepInfo] {
  graph.nodes.indices.map { index in
    let node = graph.nodes[index]
    return step(
      of: node, index, inputs: node.inputs.map { Operand(value: $0, layout: .nchw) },
      outputs: node.outputs.map { Operand(value: $0, layout: .nchw) })
  }
}

private func step(
  of node: Graph.Node, _ index: Int, inputs: [Operand], outputs: [Operand]
) -> StepInfo {
  var info = StepInfo(
    kind: node.layer.spec.kind, nodes: [index], inputs: inputs, outputs: outputs,
    implementation: "test", kernelID: "test", isa: "test")
  info.canRunInPlace = node.layer.spec.kind == .relu
  info.isElided = node.layer.spec.kind == .dropout
  return info
}

/// A graph of random layers, each reading any blob before it, so that there are branches, several
/// outputs, and chains that run in place.
func randomGraph(seed: Int) throws -> Graph {
  let random = CounterGenerator(seed: UInt64(seed), stream: "graph")
  var draws = 0
  func draw(_ count: Int) -> Int {
    draws += 1
    return Int(random.bits(draws) >> 33) % count
  }
  var blobs = ["data"]
  var layers: [Layer] = []
  for index in 0..<(3 + draw(15)) {
    let spec: LayerSpec =
      switch draw(5) {
      case 0, 1: .relu(ReLUSpec())
      case 2: .dropout(DropoutSpec())
      case 3: .lrn(LRNSpec())
      default: .convolution(ConvolutionSpec(outputs: 1 + draw(24), kernel: .one))
      }
    // Mostly the blob before, else any.
    let bottom = draw(3) > 0 ? blobs[blobs.count - 1] : blobs[draw(blobs.count)]
    let name = "layer\(index)"
    layers.append(Layer(name: name, spec: spec, bottoms: [bottom], tops: [name]))
    blobs.append(name)
  }
  let input = Network.Input(blob: "data", shape: Shape(n: 1, c: 1 + draw(8), h: 2, w: 3))
  return try Network(name: "random", inputs: [input], layers: layers).graph()
}

/// Steps for a graph in which some layers work in a blocked layout, with reorders between.
func randomSteps(for graph: Graph, seed: Int) -> [StepInfo] {
  let random = CounterGenerator(seed: UInt64(seed), stream: "layouts")
  let isMixed = random.bits(-1) & 1 == 1
  var steps: [StepInfo] = []
  var made = Set(graph.inputs.map { Operand(value: $0, layout: .nchw) })
  func reorder(_ value: Graph.ValueID, to layout: Layout) {
    guard let source = made.first(where: { $0.value == value }),
      made.insert(Operand(value: value, layout: layout)).inserted
    else { return }
    steps.append(
      StepInfo(
        kind: .reorder, nodes: [], inputs: [source],
        outputs: [Operand(value: value, layout: layout)], implementation: "test",
        kernelID: "test", isa: "test"))
  }
  for (index, node) in graph.nodes.enumerated() {
    let layout: Layout =
      isMixed && random.bits(index) & 1 == 1 ? .blockedChannels(block: 8) : .nchw
    for value in node.inputs { reorder(value, to: layout) }
    let outputs = node.outputs.map { Operand(value: $0, layout: layout) }
    made.formUnion(outputs)
    steps.append(
      step(
        of: node, index, inputs: node.inputs.map { Operand(value: $0, layout: layout) },
        outputs: outputs))
  }
  return steps
}

/// Runs steps on an arena that records, for every float, whose contents it holds.
///
/// The brute-force judge of a memory plan: it knows nothing of lifetimes, only that a step must
/// find in memory what was written there for it.
struct Simulation {
  /// What went wrong, one sentence each.
  private(set) var problems: [String] = []
  private var memory: [Operand?]
  /// An elided step's output holds what its input held.
  private var source: [Operand: Operand] = [:]
  private let graph: Graph
  private let plan: MemoryPlan

  init(graph: Graph, steps: [StepInfo], plan: MemoryPlan, sharing: Bool) {
    self.graph = graph
    self.plan = plan
    memory = [Operand?](repeating: nil, count: plan.floatCount)

    let produced = Set(steps.flatMap(\.outputs))
    let inputs = Set(steps.flatMap(\.inputs)).subtracting(produced)
    for input in inputs { write(input) }
    // Twice, without writing the inputs again: they must persist.
    for _ in 0..<2 {
      for step in steps { run(step) }
      for input in inputs { check(input, when: "at the end") }
      for output in produced where graph.outputs.contains(output.value) {
        // A reordered output may be gone; the operand that no step reads must be there.
        if !steps.contains(where: { $0.inputs.contains(output) }) {
          check(output, when: "at the end")
        }
      }
      if !sharing { for operand in produced { check(operand, when: "at the end") } }
    }
  }

  private mutating func run(_ step: StepInfo) {
    for input in step.inputs { check(input, when: "before \(step.nodes)") }
    if step.isElided {
      source[step.outputs[0]] = origin(of: step.inputs[0])
      check(step.outputs[0], when: "after \(step.nodes)")
      return
    }
    for output in step.outputs {
      for input in step.inputs where range(of: output).overlaps(range(of: input)) {
        let isSame = range(of: output).lowerBound == range(of: input).lowerBound
        if !step.canRunInPlace || !isSame {
          problems.append("\(step.nodes) writes value \(output.value) over its own input")
        }
      }
      write(output)
    }
  }

  private func origin(of operand: Operand) -> Operand { source[operand] ?? operand }

  private func range(of operand: Operand) -> Range<Int> {
    let start = plan.offsets[operand] ?? -1
    return start..<start + operand.layout.elementCount(of: graph.values[operand.value].shape)
  }

  private mutating func write(_ operand: Operand) {
    let range = range(of: operand)
    guard range.lowerBound >= 0, range.upperBound <= memory.count, range.lowerBound % 16 == 0 else {
      problems.append("value \(operand.value) has the impossible place \(range)")
      return
    }
    for index in range { memory[index] = operand }
  }

  private mutating func check(_ operand: Operand, when: String) {
    let wanted = origin(of: operand)
    let range = range(of: operand)
    guard range.lowerBound >= 0, range.upperBound <= memory.count else {
      problems.append("value \(operand.value) has the impossible place \(range)")
      return
    }
    if !memory[range].allSatisfy({ $0 == wanted }) {
      problems.append("value \(operand.value) as \(operand.layout) is overwritten \(when)")
    }
  }
}
